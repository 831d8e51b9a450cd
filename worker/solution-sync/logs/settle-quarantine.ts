import type { Db } from '../../../shared/db/database';
import { booksChanged } from '../../../shared/domain/job-kind';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import { createLogBookStore } from '../../../shared/stores/logs/log-book-store';
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
 * Items of quarantine that a load has made moot: a row of the same Id is stored now, or what was refused as other content of
 * a stored Id is what is stored. Nobody needs to decide on those. Where quarantine holds nothing of the log it costs nothing.
 */
export async function settleQuarantine(
  db: Db,
  { solutionId, table }: LogKey,
  { hasUntakenItems, hasOpenConflicts, isBalanced }: LogState,
  { isStored, storedItems }: Loaded,
): Promise<void> {
  let isBookChanged = isStored && !isBalanced;
  if (hasUntakenItems && isStored) {
    const { rowCount } = await db.raw<{ rowCount: number }>(
      `update quarantine q set taken_at = now(), ${settled}
       where q.solution_id = :solutionId and q.subject = :name and q.log_id is not null and q.taken_at is null
         and q.code <> 'id-conflict'
         and exists (select from :table: log where log.solution_id = :solutionId and log.id = q.log_id)`,
      { solutionId, name: table.name, table: table.table },
    );
    isBookChanged ||= rowCount > 0;
  }
  if (isBookChanged) {
    await createLogBookStore(db).askCheck(solutionId, table.table);
    await createJobStore(db).add(booksChanged);
  }
  if (!hasOpenConflicts) return;
  const same: string[] = [];
  for await (const { itemId, itemText, raw } of storedItems)
    if (keepable(decodeBeginning(raw)) === itemText) same.push(itemId);
  if (same.length > 0)
    await db.raw(`update quarantine set ${settled} where id = any(:same) and state = 'open'`, { same });
}

/** What someone decided stays decided. */
const settled = `state = case when state = 'open' then 'replayed' else state end,
  settled_at = case when state = 'open' then now() end,
  decided_at = case when state = 'open' then now() else decided_at end,
  decided_by = case when state = 'open' then 'solution' else decided_by end`;
