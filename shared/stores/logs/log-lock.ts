import type { Db } from '../../db/database';

/** Only one transaction at a time adds to a log or counts it. Held until the transaction ends. `table`: in PostgreSQL. */
export async function lockLog(db: Db, solutionId: number, table: string): Promise<void> {
  await db.raw('select pg_advisory_xact_lock(hashtextextended(?, ?))', [`log ${table}`, solutionId]);
}
