import type { Db } from '../../db/database';

/** X-Forwarded-For comes from an address that is not trusted: everyone seems to call from there. */
export interface UntrustedProxy {
  /** From where it came last. */
  readonly address: string;
  readonly seenAt: Date;
}

const name = 'untrusted-proxy';

export type SightStore = ReturnType<typeof createSightStore>;

/** What a process saw that someone should know of. */
export function createSightStore(db: Db) {
  return {
    async noteUntrustedProxy(address: string): Promise<void> {
      await db.raw(
        `insert into server_sight (name, detail) values (:name, :address)
         on conflict (name) do update set detail = excluded.detail, seen_at = now()`,
        { name, address },
      );
    },

    /** Of the last day. Null: none was seen. */
    async untrustedProxy(): Promise<UntrustedProxy | null> {
      const row = await db('server_sight')
        .where({ name })
        .whereRaw(`seen_at > now() - interval '1 day'`)
        .first<{ detail: string; seen_at: Date } | undefined>('detail', 'seen_at');
      return row === undefined ? null : { address: row.detail, seenAt: row.seen_at };
    },
  };
}
