import type { Db } from '../../db/database';

export type LogLock = ReturnType<typeof createLogLock>;

/** Only one transaction at a time adds to a log or counts it. */
export function createLogLock(db: Db) {
  return {
    /** Waits for the lock, and holds it until the transaction ends. `table`: its name in PostgreSQL. */
    async take(solutionId: number, table: string): Promise<void> {
      await db.raw('select pg_advisory_xact_lock(hashtextextended(?, ?))', [`log ${table}`, solutionId]);
    },
  };
}
