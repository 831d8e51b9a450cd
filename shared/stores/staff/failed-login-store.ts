import type { Db } from '../../db/database';

/** A subject for which failures are counted, and how many are allowed within the time window. */
export interface FailureLimit {
  /** e.g. `device:kitchen@example.org`. */
  readonly subject: string;
  readonly most: number;
}

/** Failed sign-ins, and what else is counted against a limit, across all API processes. */
export function createFailedLoginStore(db: Db) {
  return {
    /** How long the caller must wait. Null: none of the limits is reached. */
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

    /** Other transactions that count or add failures of these subjects wait until this one ends. */
    async lock(subjects: readonly string[]): Promise<void> {
      await db.raw(
        `select pg_advisory_xact_lock(hashtextextended(subject, 0))
         from (select unnest(cast(? as text[])) as subject order by 1) as tried`,
        [[...subjects]],
      );
    },

    /** Returns the ids of the added failures. */
    async add(subjects: readonly string[]): Promise<string[]> {
      const rows = await db<{ id: string; subject: string }>('failed_login')
        .insert(subjects.map((subject) => ({ subject })))
        .returning('id');
      return rows.map((row) => row.id);
    },

    /** Deletes failures that turned out not to be failures. */
    async withdraw(ids: readonly string[]): Promise<void> {
      await db('failed_login')
        .whereIn('id', [...ids])
        .delete();
    },

    /** Deletes the failures of a subject after a successful sign-in. */
    async forget(subject: string): Promise<void> {
      await db('failed_login').where({ subject }).delete();
    },

    async removeOlderThan(seconds: number): Promise<void> {
      await db('failed_login').whereRaw('at < now() - make_interval(secs => ?)', [seconds]).delete();
    },
  };
}

export type FailedLoginStore = ReturnType<typeof createFailedLoginStore>;
