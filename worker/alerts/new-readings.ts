import { type Db, inTransaction } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { type NewReadings, solutionOfReadings } from '../../shared/domain/new-readings';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { updateProbeAlerts } from './judge-readings';
import type { ReadingsSource } from './probe-news';

/**
 * Judges alerts by all readings of the solution that have not been judged yet, in the order of arrival. The jobs that
 * asked for it end in the same transaction. `subject`: of one of these jobs.
 */
export async function judgeNewReadings(db: Db, subject: string, language: Language): Promise<void> {
  const { solutionId, prefix } = solutionOfReadings(subject);
  await inTransaction(db, async ({ db: trx }) => {
    const known = await trx<{ id: number }>('solution')
      .where({ id: solutionId })
      .forNoKeyUpdate()
      .first('id');
    const due = await createJobStore(trx).takeAll('alerts.judge-readings', prefix);
    if (known === undefined) return;
    for (const detail of due) {
      await updateProbeAlerts(trx, solutionId, sourceOf(solutionId, readingsFrom(detail)), language);
    }
  });
}

/** Throws if the job does not contain what the loading of logs writes. */
function readingsFrom(detail: unknown): NewReadings {
  if (
    typeof detail === 'object' &&
    detail !== null &&
    'aboveId' in detail &&
    'lastId' in detail &&
    'lateIds' in detail
  ) {
    const { aboveId, lastId, lateIds } = detail;
    if (isId(aboveId) && isId(lastId) && Array.isArray(lateIds) && lateIds.every(isId))
      return { aboveId, lastId, lateIds };
  }
  throw new TypeError(`These are no new readings: ${JSON.stringify(detail)}`);
}

const isId = (value: unknown): value is string => typeof value === 'string' && /^-?\d+$/.test(value);

function sourceOf(solutionId: number, { aboveId, lastId, lateIds }: NewReadings): ReadingsSource {
  return {
    select: (columns) => {
      const stored = `select ${columns.map((column) => `stored."${column}"`).join(', ')} from tbsondes stored
        where stored.solution_id = ${solutionId}`;
      const fresh = `${stored} and stored.id > ${aboveId} and stored.id <= ${lastId}`;
      return lateIds.length === 0
        ? fresh
        : `${fresh} union all ${stored} and stored.id = any('{${lateIds.join()}}')`;
    },
  };
}
