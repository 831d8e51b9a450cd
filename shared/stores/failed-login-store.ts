import type { Db } from '../db/database';

/** Failed sign-ins, counted across all API processes. */
export function createFailedLoginStore(db: Db) {
  return {
    /** Failures of the subject that failed most often within the window. */
    async mostFailures(subjects: readonly string[], windowSeconds: number): Promise<number> {
      const result = await db.raw<{ rows: { failures: number }[] }>(
        `select count(*)::int as failures from failed_login
         where subject = any(:subjects) and at > now() - make_interval(secs => :windowSeconds)
         group by subject order by failures desc limit 1`,
        { subjects: [...subjects], windowSeconds },
      );
      return result.rows[0]?.failures ?? 0;
    },

    async add(subjects: readonly string[]): Promise<void> {
      await db('failed_login').insert(subjects.map((subject) => ({ subject })));
    },

    async removeOlderThan(seconds: number): Promise<void> {
      await db('failed_login').whereRaw('at < now() - make_interval(secs => ?)', [seconds]).delete();
    },
  };
}

export type FailedLoginStore = ReturnType<typeof createFailedLoginStore>;
