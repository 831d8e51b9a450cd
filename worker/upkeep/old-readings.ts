import { type Db, inTransaction } from '../../shared/db/database';
import { createLogLock } from '../../shared/stores/logs/log-lock';
import { createLogMonthStore } from '../../shared/stores/logs/log-month-store';
import {
  type AgedLog,
  createOldReadingStore,
  type DeletedBatch,
} from '../../shared/stores/logs/old-reading-store';
import { createAccountDataStore } from '../../shared/stores/solutions/account-data-store';
import { createAuditStore } from '../../shared/stores/staff/audit-store';

/**
 * Removes the readings of accounts that do not keep them for ever, and says so in the audit trail. Returns how many.
 */
export async function removeOldReadings(db: Db): Promise<number> {
  const readings = createOldReadingStore(db);
  let total = 0;
  for (const { id, name, readingDays } of await createAccountDataStore(db).withReadingRetention()) {
    const removed: Record<string, number> = {};
    for (const log of await readings.logsWithOld(id, await readings.daysAgo(readingDays))) {
      const count = await removeOldOf(db, log);
      if (count > 0) removed[log.table.table] = (removed[log.table.table] ?? 0) + count;
    }
    const sum = Object.values(removed).reduce((all, count) => all + count, 0);
    if (sum > 0) await tell(db, name, readingDays, removed);
    total += sum;
  }
  return total;
}

/** Removes the old readings of one log. Each batch is a transaction of its own. Returns how many. */
export async function removeOldOf(db: Db, log: AgedLog): Promise<number> {
  const readings = createOldReadingStore(db);
  let total = 0;
  const spans = await readings.spansWithOld(log);
  // Before the first reading goes: an export that was filed with it must not be replaced by one without it.
  if (spans.length > 0)
    await createLogMonthStore(db).cut({ solutionId: log.solutionId, table: log.table.table }, log.before);
  for (const span of spans) {
    for (let after: string | null = '-1'; after !== null;) {
      const batch: DeletedBatch = await readings.deleteSomeOld(log, span, after);
      total += batch.deleted;
      after = batch.last;
    }
    await inTransaction(db, async ({ db: trx }) => {
      await createLogLock(trx).take(log.solutionId, log.table.table);
      await createOldReadingStore(trx).settleSpan(log, span);
    });
  }
  return total;
}

async function tell(db: Db, account: string, days: number, removed: Record<string, number>): Promise<void> {
  await createAuditStore(db).add([
    {
      actor: 'retention',
      action: 'account.readings-removed',
      solutionId: null,
      address: null,
      before: { account, days },
      after: removed,
    },
  ]);
}
