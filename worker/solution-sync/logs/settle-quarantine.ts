import type { Db } from '../../../shared/db/database';
import { booksChanged } from '../../../shared/domain/job-kind';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import { createLogBookStore } from '../../../shared/stores/logs/log-book-store';
import { createQuarantineIntakeStore } from '../../../shared/stores/syncs/quarantine-intake-store';
import { decodeBeginning, keepable } from '../package/kept-text';
import type { StoredRow } from './late-rows';
import type { LogKey, LogState } from './log-mark';

interface Loaded {
  /** Rows were stored. */
  readonly isStored: boolean;
  /** Rows that are stored as they were sent, each with an open item that may hold the same. */
  readonly storedItems: AsyncIterable<StoredRow>;
}

/**
 * Settles quarantine items that a load has made obsolete: a row with the same Id is stored now, or the refused content
 * is now the stored one. Nobody needs to decide about these. It costs nothing if quarantine has no item of the log.
 */
export async function settleQuarantine(
  db: Db,
  { solutionId, table }: LogKey,
  { hasUntakenItems, hasOpenConflicts, isBalanced }: LogState,
  { isStored, storedItems }: Loaded,
): Promise<void> {
  const quarantine = createQuarantineIntakeStore(db);
  let isBookChanged = isStored && !isBalanced;
  if (hasUntakenItems && isStored) {
    const settled = await quarantine.settleStored(solutionId, table);
    isBookChanged ||= settled > 0;
  }
  if (isBookChanged) {
    await createLogBookStore(db).askCheck(solutionId, table.table);
    await createJobStore(db).add(booksChanged);
  }
  if (!hasOpenConflicts) return;
  const same: string[] = [];
  for await (const { itemId, itemText, raw } of storedItems)
    if (keepable(decodeBeginning(raw)) === itemText) same.push(itemId);
  await quarantine.settleSame(same);
}
