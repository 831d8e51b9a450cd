import { findLogTable } from '../../shared/catalog/log-tables';
import type { Db } from '../../shared/db/database';
import { createOldReadingStore } from '../../shared/stores/logs/old-reading-store';
import { createAccountDataStore } from '../../shared/stores/solutions/account-data-store';
import { createAuditStore } from '../../shared/stores/staff/audit-store';

/**
 * Removes the readings of accounts that do not keep them for ever, and says so in the audit trail. Returns how many.
 */
export async function removeOldReadings(db: Db): Promise<number> {
  const data = createAccountDataStore(db);
  const readings = createOldReadingStore(db);
  let total = 0;
  for (const { id, name, readingDays } of await data.withReadingRetention()) {
    const removed: Record<string, number> = {};
    for (const solutionId of await data.solutionIds(id)) {
      for (const marked of await readings.logTablesOf(solutionId)) {
        const table = findLogTable(marked)?.table;
        if (table === undefined) continue;
        const count = await readings.deleteOldReadings(table, solutionId, readingDays);
        if (count > 0) removed[table] = (removed[table] ?? 0) + count;
      }
    }
    const sum = Object.values(removed).reduce((all, count) => all + count, 0);
    if (sum > 0) await tell(db, name, readingDays, removed);
    total += sum;
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
