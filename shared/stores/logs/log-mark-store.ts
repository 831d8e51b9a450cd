import type { Db } from '../../db/database';
import { type IdSpan, type LogGaps, maxReportedGaps } from '../../domain/log-gaps';

/** What the server has seen of each log of a solution, quarantined rows included. */
export function createLogMarkStore(db: Db) {
  return {
    /** By table in PostgreSQL, as decimal texts. Costs one look-up, however many rows are stored. */
    async highestIds(solutionId: number): Promise<Map<string, string>> {
      const rows = await db<{ solution_id: number; table_name: string; highest_id: string }>('log_mark')
        .where({ solution_id: solutionId })
        .select('table_name', 'highest_id');
      return new Map(rows.map((row) => [row.table_name, row.highest_id]));
    },

    /**
     * The ids between the lowest and the highest that never came, by table in PostgreSQL; a table without any is not in it.
     * Costs one look-up, however many rows are stored.
     */
    async gaps(solutionId: number): Promise<Map<string, LogGaps>> {
      const result = await db.raw<{ rows: GapRow[] }>(
        `with gap as (
           select table_name, lower(part) as first, upper(part) - 1 as last,
             row_number() over (partition by table_name order by part) as place
           from log_mark cross join lateral unnest(int8multirange(range_merge(received)) - received) as part
           where solution_id = :solutionId
         )
         select table_name, cast(sum(last - first + 1) as text) as missing,
           jsonb_agg(jsonb_build_array(cast(first as text), cast(last as text)) order by place)
             filter (where place <= ${maxReportedGaps}) as ranges
         from gap group by table_name order by table_name`,
        { solutionId },
      );
      return new Map(
        result.rows.map(({ table_name: table, missing, ranges }) => [table, { missing, ranges }]),
      );
    },

    /** The solution has no rows of these ids, and never will: they are gaps no longer. */
    async closeGaps(solutionId: number, table: string, absent: readonly IdSpan[]): Promise<void> {
      await db.raw(
        `update log_mark set received = received + int8multirange(range_merge(received)) * (
           select coalesce(range_agg(int8range(cast(span ->> 0 as bigint), cast(span ->> 1 as bigint), '[]')), '{}')
           from jsonb_array_elements(cast(:absent as jsonb)) as span)
         where solution_id = :solutionId and table_name = :table`,
        { solutionId, table, absent: JSON.stringify(absent) },
      );
    },
  };
}

interface GapRow {
  table_name: string;
  missing: string;
  ranges: [string, string][];
}

export type LogMarkStore = ReturnType<typeof createLogMarkStore>;
