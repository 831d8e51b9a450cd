import { type Db, inTransaction } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import type { InsertedRows } from '../solution-sync/logs/load-log-file';
import { type NewReadings, updateProbeAlerts } from './sondes';

/**
 * Notes, in the sync's transaction, which readings are new. Alerts are judged by them right after: a kitchen that waits
 * for status 2 need not wait for that, and what goes down on another channel is no part of this sync.
 */
export async function noteNewReadings(
  db: Db,
  solutionId: number,
  { aboveId, lateIds }: InsertedRows,
): Promise<void> {
  const late =
    lateIds === null
      ? `'{}'`
      : `(select coalesce(array_agg(id), '{}') from (${lateIds}) late where id <= :aboveId)`;
  await db.raw(
    `insert into probe_readings_due (solution_id, above_id, last_id, late_ids)
     select :solutionId, :aboveId, max(id), ${late} from tbsondes where solution_id = :solutionId`,
    { solutionId, aboveId: String(aboveId) },
  );
}

/**
 * Judges alerts by all readings that are due: an upload's, in a transaction of its own, which also forgets that they were.
 * What fails comes again after a minute, and holds up nobody else. Answers how many uploads were judged.
 */
export async function judgeNewReadings(db: Db, language: Language): Promise<number> {
  for (let judged = 0; ; judged++) {
    const due = await judgeNext(db, language);
    if (due === null) return judged;
    if ('error' in due) {
      await postpone(db, due.id);
      throw due.error;
    }
  }
}

interface Due {
  readonly id: string;
  readonly solution_id: number;
  readonly above_id: string;
  readonly last_id: string;
  readonly late_ids: readonly string[];
}

/** Null: there is nothing to judge. An upload of a solution waits for the one before it. */
async function judgeNext(
  db: Db,
  language: Language,
): Promise<{ id: string } | { id: string; error: unknown } | null> {
  let taken: Due | undefined;
  try {
    await inTransaction(db, async ({ db: trx }) => {
      const result = await trx.raw<{ rows: Due[] }>(
        `select due.id, due.solution_id, above_id, last_id, late_ids
         from probe_readings_due due join solution on solution.id = due.solution_id
         where run_after <= now() order by due.id limit 1 for no key update skip locked`,
      );
      taken = result.rows[0];
      if (taken === undefined) return;
      await updateProbeAlerts(trx, taken.solution_id, readingsOf(taken), language);
      await trx('probe_readings_due').where({ id: taken.id }).delete();
    });
  } catch (error) {
    if (taken === undefined) throw error;
    return { id: taken.id, error };
  }
  return taken === undefined ? null : { id: taken.id };
}

async function postpone(db: Db, id: string): Promise<void> {
  await db('probe_readings_due')
    .where({ id })
    .update({ run_after: db.raw(`now() + interval '1 minute'`) });
}

function readingsOf({
  solution_id: solutionId,
  above_id: aboveId,
  last_id: lastId,
  late_ids: lateIds,
}: Due): NewReadings {
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
