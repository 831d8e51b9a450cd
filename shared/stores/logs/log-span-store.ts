import type { LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { idRange, idWithin, keptFrom, spanStart } from '../../db/log-span';

/** A log of a solution; `table`: its name in PostgreSQL. */
export interface NotIndexedLog {
  readonly solutionId: number;
  readonly table: string;
}

interface LogOfSolution {
  readonly solutionId: number;
  readonly table: LogTable;
}

/** Which ids of a log were measured in which span of time: for rows that were not indexed when they came. */
export function createLogSpanStore(db: Db) {
  return {
    /** The first log after the given one with rows that are not indexed. Null: there is none. */
    async nextNotIndexed(last: NotIndexedLog | null): Promise<NotIndexedLog | null> {
      const { rows } = await db.raw<{ rows: NotIndexedLog[] }>(
        `select solution_id as "solutionId", table_name as "table" from log_mark
         where not_indexed <> '{}' and (solution_id, table_name) > (:solutionId, :table)
         order by solution_id, table_name limit 1`,
        { solutionId: last?.solutionId ?? 0, table: last?.table ?? '' },
      );
      return rows[0] ?? null;
    },

    /**
     * Indexes the rows with the lowest ids that are not indexed, at most `limit`. Needs the log's lock. Returns how many
     * rows it read; fewer than `limit`: all of the log are indexed. Without statistics PostgreSQL would sort all remaining
     * rows for every portion, so this disables sorting until the end of the transaction.
     */
    async indexSome({ solutionId, table }: LogOfSolution, limit: number): Promise<number> {
      await db.raw('set local enable_sort = off');
      const { rows } = await db.raw<{ rows: { count: number }[] }>(indexSql(table), {
        ...{ solutionId, table: table.table, limit },
      });
      return rows[0]?.count ?? 0;
    },
  };
}

/** Rows of one span that follow each other become one range. */
const indexSql = (table: LogTable) => `
  with page as materialized (
    select log.* from log_mark mark cross join lateral unnest(mark.not_indexed) as part
    cross join lateral (
      select id, ${spanStart(table, 'measured_at')} as starts_on, ${keptFrom} as kept_from from :table:
      where solution_id = :solutionId and ${idWithin('part')} order by id limit :limit
    ) log
    where mark.solution_id = :solutionId and mark.table_name = :table limit :limit
  ), island as (
    select starts_on, min(id) as first, max(id) as last, min(kept_from) as kept_from from (
      select *, row_number() over (order by id) - row_number() over (partition by starts_on order by id) as island
      from page
    ) numbered group by starts_on, island
  ), indexed as (
    insert into log_span as span (solution_id, table_name, starts_on, ids, kept_from)
    select :solutionId, :table, starts_on, fewer_id_ranges(range_agg(${idRange('first', 'last')})),
      coalesce(min(kept_from), 'infinity')
    from island group by starts_on
    on conflict (solution_id, table_name, starts_on) do update
    set ids = fewer_id_ranges(span.ids + excluded.ids), kept_from = least(span.kept_from, excluded.kept_from)
  ), done as (
    select count(*)::int as count, max(id) as last from page
  ), noted as (
    update log_mark mark set not_indexed = case when done.count < :limit then '{}'
      else mark.not_indexed * int8multirange(int8range(done.last, null, '()')) end
    from done where mark.solution_id = :solutionId and mark.table_name = :table
  )
  select count from done`;
