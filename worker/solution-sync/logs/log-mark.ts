import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';

export interface LogKey {
  readonly solutionId: number;
  readonly table: LogTable;
}

/** Only one transaction at a time adds to a log. Held until the transaction ends. */
export async function lockLog(db: Db, { solutionId, table }: LogKey): Promise<void> {
  await db.raw('select pg_advisory_xact_lock(hashtextextended(?, ?))', [`log ${table.table}`, solutionId]);
}

/**
 * The highest id ever seen, -1 before the first. Needs the lock: what another transaction adds is not seen before.
 * Rows above the mark (there should be none) count too: ids above the answer are certain not to be stored.
 */
export async function readHighestId(db: Db, { solutionId, table }: LogKey): Promise<bigint> {
  const { rows } = await db.raw<{ rows: { highest: string }[] }>(
    `select greatest(
       (select highest_id from log_mark where solution_id = :solutionId and table_name = :table),
       (select max(id) from :table: where solution_id = :solutionId),
       -1)::text as highest`,
    { solutionId, table: table.table },
  );
  return BigInt(rows[0]?.highest ?? -1);
}
