import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Transaction } from '../../../shared/db/database';
import type { Channel } from '../../../shared/domain/channel';
import { createLogReplacementStore } from '../../../shared/stores/logs/log-replacement-store';
import { createHeldPlanStore } from '../../../shared/stores/parameters/held-plan-store';
import type { Rejected } from '../package/rejections';
import { type LogFile, loadLogFile } from './load-log-file';
import { type LogState, readLogState } from './log-mark';

export interface SentLog {
  readonly solutionId: number;
  readonly syncId: string;
  readonly channel: Channel;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly table: LogTable;
  /** The whole log of the solution. Null: it sent none, so it has no rows. */
  readonly file: LogFile | null;
}

/**
 * Plans the replacement of a whole log by an upload: rows that the solution no longer has are deleted, and rows that
 * differ are replaced. Readings are evidence, so nothing is done before someone has approved the plan. Call it after
 * the file was loaded, when its new rows are already in the log. Source: ePack V4, `replace-from-solution`.
 */
export async function planLogReplacement(transaction: Transaction, sent: SentLog): Promise<void> {
  const { db } = transaction;
  const replacements = createLogReplacementStore(db);
  if (sent.file === null && !(await replacements.isNeeded(sent))) return;
  await db.raw(
    `create temporary table ${incoming} (like ${sent.table.table} including indexes) on commit drop`,
  );
  const refused = await loadIncoming(transaction, sent);
  const plans = createHeldPlanStore(db);
  const log = { solutionId: sent.solutionId, className: sent.table.name };
  await plans.supersedeLogPlan(log);
  const { syncId, channel } = sent;
  const approvalId = await plans.open({
    ...log,
    ...{ syncId, channel, kind: 'replace-logs', reason: null, plan: [] },
  });
  await replacements.plan(approvalId, sent, {
    incoming,
    refusedIds: refused.ids,
    mayDelete: refused.areAllKnown,
  });
  await plans.showLogPlan(approvalId);
  await db.raw(`drop table ${incoming}`);
}

/** The temporary table, which is loaded like a log. */
const incoming = 'incoming_log';

interface Refused {
  readonly ids: readonly string[];
  /** False: some refused rows have no readable id, so it is not known which rows the solution no longer has. */
  readonly areAllKnown: boolean;
}

/** Rows that are refused here were already rejected when the log itself was loaded. */
async function loadIncoming(transaction: Transaction, { file, ...sent }: SentLog): Promise<Refused> {
  const ids: string[] = [];
  let areAllKnown = true;
  const takeNote = ({ rowId }: Rejected) => {
    if (rowId !== null && /^\d{1,18}$/.test(rowId) && ids.length < maxRefused) ids.push(rowId);
    else areAllKnown = false;
    return Promise.resolve();
  };
  if (file !== null) {
    // The state is that of the log itself, whose Ids are already known. The temporary table is empty.
    const { highestId, acceptedId } = await readLogState(transaction.db, sent);
    const besideLog: LogState = {
      highestId: -1n,
      acceptedId: highestId > acceptedId ? highestId : acceptedId,
      hasUntakenItems: false,
      hasOpenConflicts: false,
      isBalanced: true,
      oldTimezones: [],
    };
    const table = { ...sent.table, table: incoming };
    await loadLogFile(transaction, { ...sent, file, table, besideLog }, takeNote);
  }
  return { ids, areAllKnown };
}

const maxRefused = 100_000;
