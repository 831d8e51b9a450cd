import type { Db } from '../../db/database';

/** An untrusted address sends X-Forwarded-For, so all callers seem to have that address. */
export interface UntrustedProxy {
  /** The address that sent it last. */
  readonly address: string;
  readonly seenAt: Date;
}

const name = 'untrusted-proxy';

export type SightStore = ReturnType<typeof createSightStore>;

/** Observations of a process that an operator should know about. */
export function createSightStore(db: Db) {
  return {
    async noteUntrustedProxy(address: string): Promise<void> {
      await db.raw(
        `insert into server_sight (name, detail) values (:name, :address)
         on conflict (name) do update set detail = excluded.detail, seen_at = now()`,
        { name, address },
      );
    },

    /** The one seen within the last day. Null: there was none. */
    async untrustedProxy(): Promise<UntrustedProxy | null> {
      const row = await db('server_sight')
        .where({ name })
        .whereRaw(`seen_at > now() - interval '1 day'`)
        .first<{ detail: string; seen_at: Date } | undefined>('detail', 'seen_at');
      return row === undefined ? null : { address: row.detail, seenAt: row.seen_at };
    },
  };
}
