import { findLogTable } from '../../../shared/catalog/log-tables';
import { type Db, inTransaction } from '../../../shared/db/database';
import { createLogLock } from '../../../shared/stores/logs/log-lock';
import { createLogSpanStore, type NotIndexedLog } from '../../../shared/stores/logs/log-span-store';

/**
 * Indexes the times of readings that were not indexed when they came: those of an earlier version, those whose times
 * were read again, and those of a file with the times of thousands of days. Each portion is a transaction of its own
 * under the log's lock, so syncs go on between them, and another worker continues where one was killed. Returns how
 * many readings.
 */
export async function indexTimes(db: Db): Promise<number> {
  const store = createLogSpanStore(db);
  let total = 0;
  for (let log = await store.nextNotIndexed(null); log !== null; log = await store.nextNotIndexed(log))
    total += await indexLog(db, log);
  return total;
}

async function indexLog(db: Db, { solutionId, table: name }: NotIndexedLog): Promise<number> {
  const table = findLogTable(name);
  if (table === undefined) return 0;
  for (let total = 0; ;) {
    const count = await inTransaction(db, async ({ db: trx }) => {
      await createLogLock(trx).take(solutionId, table.table);
      return createLogSpanStore(trx).indexSome({ solutionId, table }, portionRows);
    });
    total += count;
    if (count < portionRows) return total;
  }
}

/** Read in some tens of milliseconds. */
const portionRows = 20_000;
