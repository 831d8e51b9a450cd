import { findLogTable, type LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { idWithin, keptFrom } from '../../db/log-span';

/** A log of a solution, and the age at which its readings are removed. */
export interface AgedLog {
  readonly solutionId: number;
  readonly table: LogTable;
  /** Readings that count as older than this are removed. */
  readonly before: Date;
}

/**
 * Readings that have been kept long enough. They are found by the spans of time of their log and deleted in batches, so
 * the cost grows with the deleted readings. Readings whose times are not indexed yet are removed once they are.
 */
export function createOldReadingStore(db: Db) {
  return {
    /** So many days before now, by the clock of the database. */
    async daysAgo(days: number): Promise<Date> {
      const { rows } = await db.raw<{ rows: { at: Date }[] }>(
        `select now() - make_interval(days => :days) as at`,
        { days },
      );
      return rows[0]?.at ?? new Date(0);
    },

    /** The logs of the solutions of an account in which there may be readings that are old enough. */
    async logsWithOld(accountId: number, before: Date): Promise<AgedLog[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number; table_name: string }[] }>(
        `select distinct span.solution_id, span.table_name from solution
         join log_span span on span.solution_id = solution.id and span.kept_from < :before
         where solution.account_id = :accountId order by 1, 2`,
        { accountId, before },
      );
      return rows.flatMap(({ solution_id: solutionId, table_name: name }) => {
        const table = findLogTable(name);
        return table === undefined ? [] : [{ solutionId, table, before }];
      });
    },

    /** The spans of a log in which there may be such readings, as SQL writes their first days. */
    async spansWithOld({ solutionId, table, before }: AgedLog): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { span: string }[] }>(
        `select starts_on::text as span from log_span
         where solution_id = :solutionId and table_name = :table and kept_from < :before order by kept_from`,
        { solutionId, table: table.table, before },
      );
      return rows.map(({ span }) => span);
    },

    /**
     * Deletes such readings of one span, at most `batchRows`, after the given id, and notes in the mark of the log that
     * they were removed. `last` is null when the span has no further ones.
     */
    async deleteSomeOld(log: AgedLog, span: string, after: string | null): Promise<DeletedBatch> {
      const { solutionId, table, before } = log;
      const { rows } = await db.raw<{ rows: DeletedBatch[] }>(deleteSql, {
        ...{ solutionId, table: table.table, before, span, after },
      });
      return rows[0] ?? { deleted: 0, last: null };
    },

    /**
     * Records how old the remaining readings of a span are, and forgets a span that has none. Needs the log's lock. The
     * cost grows with the readings of the span.
     */
    async settleSpan({ solutionId, table }: AgedLog, span: string): Promise<void> {
      await db.raw(settleSql, { solutionId, table: table.table, span });
    },
  };
}

export interface DeletedBatch {
  readonly deleted: number;
  /** The id after which the next batch begins. */
  readonly last: string | null;
}

/** Small enough that locks are short, and large enough that round trips do not matter. */
const batchRows = 5_000;

const spanIds = `(select ids from log_span
  where solution_id = :solutionId and table_name = :table and starts_on = cast(:span as date))`;

const deleteSql = `
  with batch as (
    select log.id, log.is_old from unnest(${spanIds} * int8multirange(int8range(cast(:after as bigint), null, '()'))) as part
    cross join lateral (
      select id, coalesce(${keptFrom} < :before, false) as is_old from :table:
      where solution_id = :solutionId and ${idWithin('part')} order by id limit ${batchRows}
    ) log limit ${batchRows}
  ), gone as (
    delete from :table: t using batch where t.solution_id = :solutionId and t.id = batch.id and batch.is_old
    returning t.id
  ), noted as (
    update log_mark set removed = removed + coalesce(
      (select range_agg(int8range(id, id, '[]')) from gone where id < ${2n ** 63n - 1n}), '{}')
    where solution_id = :solutionId and table_name = :table and exists (select from gone)
  )
  select (select count(*)::int from gone) as deleted,
    case when count(*) = ${batchRows} then max(id) end as last from batch`;

const settleSql = `
  with kept as (
    select count(*) as readings, coalesce(min(log.kept_from), 'infinity') as kept_from
    from unnest(${spanIds}) as part
    cross join lateral (
      select ${keptFrom} as kept_from from :table: where solution_id = :solutionId and ${idWithin('part')} offset 0
    ) log
  ), emptied as (
    delete from log_span using kept
    where solution_id = :solutionId and table_name = :table and starts_on = cast(:span as date) and kept.readings = 0
  )
  update log_span set kept_from = kept.kept_from from kept
  where solution_id = :solutionId and table_name = :table and starts_on = cast(:span as date) and kept.readings > 0`;
