import { randomBytes } from 'node:crypto';
import type { Db } from '../../db/database';
import type { Seal } from '../../seal/seal';

/** A named key: the current one or a replaced one. */
export interface ServerKey {
  readonly value: Uint8Array;
  /** Null: this is the current one. */
  readonly supersededAt: Date | null;
}

/** Keys that all API processes share and that are not configured. They are stored sealed. */
export function createServerKeyStore(db: Db, seal: Pick<Seal, 'sealBytes' | 'openBytes'>) {
  return {
    /**
     * The current key of that name, then the recently replaced ones. The first call makes the key (32 random bytes).
     */
    async findOrMake(name: string, keptSeconds: number): Promise<ServerKey[]> {
      await insertCurrent(name);
      const result = await db.raw<{ rows: { value: Buffer; superseded_at: Date | null }[] }>(
        `select value, superseded_at from server_key
         where name = :name and (superseded_at is null or superseded_at > now() - make_interval(secs => :keptSeconds))
         order by superseded_at desc nulls first`,
        { name, keptSeconds },
      );
      return result.rows.map((row) => ({
        value: seal.openBytes(row.value, 'token-key'),
        supersededAt: row.superseded_at,
      }));
    },

    /** Makes a new key the current one. False: there was none to replace. In a transaction of its caller. */
    async replace(name: string): Promise<boolean> {
      const replaced = await db('server_key')
        .where({ name })
        .whereNull('superseded_at')
        .update({ superseded_at: db.fn.now() });
      await insertCurrent(name);
      return replaced === 1;
    },

    async removeReplaced(name: string, keptSeconds: number): Promise<void> {
      await db('server_key')
        .where({ name })
        .whereRaw('superseded_at <= now() - make_interval(secs => ?)', [keptSeconds])
        .delete();
    },
  };

  async function insertCurrent(name: string): Promise<void> {
    await db.raw(
      `insert into server_key (name, value) values (:name, :value)
       on conflict (name) where superseded_at is null do nothing`,
      { name, value: Buffer.from(seal.sealBytes(randomBytes(32), 'token-key')) },
    );
  }
}

export type ServerKeyStore = ReturnType<typeof createServerKeyStore>;
