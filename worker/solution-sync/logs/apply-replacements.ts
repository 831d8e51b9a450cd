import { findLogTable } from '../../../shared/catalog/log-tables';
import { type Db, inTransaction } from '../../../shared/db/database';
import { booksChanged } from '../../../shared/domain/job-kind';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createLogBookStore } from '../../../shared/stores/logs/log-book-store';
import { createLogLock } from '../../../shared/stores/logs/log-lock';
import { createLogReplacementStore } from '../../../shared/stores/logs/log-replacement-store';
import { createHeldPlanStore } from '../../../shared/stores/parameters/held-plan-store';
import { createQuarantineIntakeStore } from '../../../shared/stores/syncs/quarantine-intake-store';

/**
 * Carries out approved replacements of logs and deletes rejected ones, each plan in one transaction that the audit
 * trail records. Returns how many plans.
 */
export async function applyLogReplacements(db: Db): Promise<number> {
  let dealtWith = 0;
  while (await inTransaction(db, ({ db: trx }) => applyNext(trx))) dealtWith += 1;
  return dealtWith;
}

/** False: there is none. */
async function applyNext(db: Db): Promise<boolean> {
  const replacements = createLogReplacementStore(db);
  const decided = await replacements.takeDecided();
  if (decided === null) return false;
  const { approvalId, solutionId, syncId, channel, tableName, decidedBy } = decided;
  const table = findLogTable(tableName);
  let rows = 0;
  if (decided.isApproved && table !== undefined) {
    await createLogLock(db).take(solutionId, table.table);
    const applied = await replacements.apply(decided, table);
    await createQuarantineIntakeStore(db).settleReplaced({ approvalId, syncId, name: table.name });
    await createLogBookStore(db).askCheck(solutionId, table.table);
    await createJobStore(db).add(booksChanged);
    rows = applied.deleted + applied.replaced;
    await createAuditStore(db).add([
      {
        actor: decidedBy ?? 'solution',
        action: 'log.replace',
        solutionId,
        address: null,
        before: { approval: approvalId, channel, table: tableName, sync: syncId },
        after: applied,
      },
    ]);
  }
  await replacements.close(approvalId);
  await createHeldPlanStore(db).closeLogPlan(approvalId, rows);
  return true;
}
