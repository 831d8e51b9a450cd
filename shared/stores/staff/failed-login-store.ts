import type { Db } from '../../db/database';

/** What failures are counted for, and how many are too many within the window. */
export interface FailureLimit {
  /** e.g. `device:kitchen@example.org`. */
  readonly subject: string;
  readonly most: number;
}

/** Failed sign-ins, and what else is counted against a limit, across all API processes. */
export function createFailedLoginStore(db: Db) {
  return {
    /** How long whoever is counted for these must wait: null where none of the limits is reached. */
    async secondsUntilAllowed(
      limits: readonly FailureLimit[],
      windowSeconds: number,
    ): Promise<number | null> {
      const result = await db.raw<{ rows: { seconds: number | null }[] }>(
        `select max(ceil(extract(epoch from oldest.at - now()) + :windowSeconds))::int as seconds
         from unnest(cast(:subjects as text[]), cast(:most as int[])) as tried (subject, most), lateral (
           select at from failed_login
           where subject = tried.subject and at > now() - make_interval(secs => :windowSeconds)
           order by at desc offset tried.most - 1 limit 1
         ) as oldest`,
        {
          subjects: limits.map(({ subject }) => subject),
          most: limits.map(({ most }) => most),
          windowSeconds,
        },
      );
      return result.rows[0]?.seconds ?? null;
    },

    /** Whoever counts or adds failures of one of the subjects waits until the transaction has ended. */
    async lock(subjects: readonly string[]): Promise<void> {
      await db.raw(
        `select pg_advisory_xact_lock(hashtextextended(subject, 0))
         from (select unnest(cast(? as text[])) as subject order by 1) as tried`,
        [[...subjects]],
      );
    },

    /** Answers the ids of what it added. */
    async add(subjects: readonly string[]): Promise<string[]> {
      const rows = await db<{ id: string; subject: string }>('failed_login')
        .insert(subjects.map((subject) => ({ subject })))
        .returning('id');
      return rows.map((row) => row.id);
    },

    /** They were no failures after all. */
    async withdraw(ids: readonly string[]): Promise<void> {
      await db('failed_login')
        .whereIn('id', [...ids])
        .delete();
    },

    /** Whoever proves who they are starts again at none. */
    async forget(subject: string): Promise<void> {
      await db('failed_login').where({ subject }).delete();
    },

    async removeOlderThan(seconds: number): Promise<void> {
      await db('failed_login').whereRaw('at < now() - make_interval(secs => ?)', [seconds]).delete();
    },
  };
}

export type FailedLoginStore = ReturnType<typeof createFailedLoginStore>;
