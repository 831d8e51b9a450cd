import { randomUUID } from 'node:crypto';
import type { Db } from '../../../shared/db/database';
import { readingsSubjectOf } from '../../../shared/domain/new-readings';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import type { InsertedRows } from './load-log-file';

/**
 * Asks, in the sync's transaction, for the judging of alerts by the readings that are new. It is done right after: a
 * kitchen that waits for status 2 need not wait for that, and what goes down on another channel is no part of this sync.
 */
export async function noteNewReadings(
  db: Db,
  solutionId: number,
  { aboveId, lateIds }: InsertedRows,
): Promise<void> {
  const late =
    lateIds === null
      ? `'{}'`
      : `(select coalesce(array_agg(id::text), '{}') from (${lateIds}) late where id <= :aboveId)`;
  const result = await db.raw<{ rows: { lastId: string; lateIds: string[] }[] }>(
    `select max(id)::text as "lastId", cast(${late} as text[]) as "lateIds" from tbsondes where solution_id = :solutionId`,
    { solutionId, aboveId: String(aboveId) },
  );
  const [row] = result.rows;
  if (row === undefined) return;
  await createJobStore(db).add({
    kind: 'alerts.judge-readings',
    subject: readingsSubjectOf(solutionId, randomUUID()),
    detail: { aboveId: String(aboveId), ...row },
  });
}
