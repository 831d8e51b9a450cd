import type { LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import { type IdSpan, type LogGaps, maxReportedGaps } from '../../domain/log-gaps';

/** The ids that the server has received of each log of a solution, including quarantined rows. */
export function createLogMarkStore(db: Db) {
  return {
    /**
     * The ids between the lowest and the highest (which may be 2^63-1) that never came, by table in PostgreSQL; a table without any is not in it.
     * Costs one look-up, however many rows are stored.
     */
    async gaps(solutionId: number): Promise<Map<string, LogGaps>> {
      const rows = await findGaps(db, { solutionId });
      return new Map(rows.map(({ table_name: table, missing, ranges }) => [table, { missing, ranges }]));
    },

    /** Staff accept Ids up to this one, although it is far above all others. */
    async acceptUpTo({ solutionId, table }: LogOfSolution, id: string): Promise<void> {
      await db.raw(
        `insert into log_mark (solution_id, table_name, highest_id, accepted_id) values (:solutionId, :table, -1, :id)
         on conflict (solution_id, table_name) do update
         set accepted_id = greatest(log_mark.accepted_id, excluded.accepted_id)`,
        { solutionId, table: table.table, id },
      );
    },

    /**
     * Call it after rows of a log were discarded: the highest id becomes the highest of the remaining rows, stored or
     * in quarantine. Needs the log's lock. Costs one look-up in the log, and one in its quarantine.
     */
    async giveBackDiscarded({ solutionId, table }: LogOfSolution): Promise<void> {
      await db.raw(
        `with refused as (
           select state, log_id from quarantine
           where solution_id = :solutionId and subject = :name and log_id is not null and taken_at is null
             and code not in ('id-conflict', 'id-jump')
         ), discarded as (
           select coalesce(range_agg(int8range(log_id, log_id, '[]')), '{}') as ids from refused
           where state = 'discarded' and log_id < ${topId}
         ), left_over as (
           select greatest(-1, (select max(id) from :table: where solution_id = :solutionId),
             (select max(log_id) from refused where state <> 'discarded'),
             upper(mark.received - discarded.ids) - 1) as highest
           from log_mark mark cross join discarded where mark.solution_id = :solutionId and mark.table_name = :table
         )
         update log_mark set highest_id = left_over.highest, is_check_asked = true,
           received = received - int8multirange(int8range(left_over.highest, null, '()'))
         from left_over where solution_id = :solutionId and table_name = :table`,
        { solutionId, table: table.table, name: table.name },
      );
    },

    /** Records refused rows that no item in quarantine lists. `table`: its name in PostgreSQL. */
    async noteUnlisted(solutionId: number, table: string, ids: readonly string[]): Promise<void> {
      await db.raw(
        `insert into log_mark (solution_id, table_name, highest_id, unlisted)
         select :solutionId, :table, -1, range_agg(int8range(id, id, '[]')) from unnest(cast(:ids as bigint[])) as id
         on conflict (solution_id, table_name) do update set unlisted = log_mark.unlisted + excluded.unlisted`,
        { solutionId, table, ids: [...ids] },
      );
    },

    /** The solution will never have rows with these ids, so they no longer count as gaps. */
    async closeGaps(solutionId: number, table: string, absent: readonly IdSpan[]): Promise<void> {
      await db.raw(
        `update log_mark set received = received + said.ids, absent = absent + (said.ids - received)
         from (
           select mark.solution_id, mark.table_name, ${idsBelowHighest} * coalesce(range_agg(
             int8range(cast(span ->> 0 as bigint), cast(span ->> 1 as bigint), '[]')), '{}') as ids
           from log_mark mark cross join lateral jsonb_array_elements(cast(:absent as jsonb)) as span
           where solution_id = :solutionId and table_name = :table
           group by mark.solution_id, mark.table_name, mark.received, mark.highest_id
         ) said
         where log_mark.solution_id = said.solution_id and log_mark.table_name = said.table_name`,
        { solutionId, table, absent: JSON.stringify(absent) },
      );
    },
  };
}

interface LogOfSolution {
  readonly solutionId: number;
  readonly table: LogTable;
}

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

/**
 * All ids from the lowest one received up to the highest one, without the highest itself. Empty for a log without ids.
 */
const idsBelowHighest = `int8multirange(case when isempty(received) then 'empty'
  else int8range(lower(received), greatest(highest_id, lower(received))) end)`;

interface GapRow {
  table_name: string;
  missing: string;
  ranges: [string, string][];
}

export type LogMarkStore = ReturnType<typeof createLogMarkStore>;

const findGaps = prepared<GapRow, { readonly solutionId: number }>(
  'find_gaps',
  `with gap as (
           select table_name, lower(part) as first, upper(part) - 1 as last,
             row_number() over (partition by table_name order by part) as place
           from log_mark cross join lateral unnest(${idsBelowHighest} - received) as part
           where solution_id = :solutionId
         )
         select table_name, cast(sum(last - first + 1) as text) as missing,
           jsonb_agg(jsonb_build_array(cast(first as text), cast(last as text)) order by place)
             filter (where place <= ${maxReportedGaps}) as ranges
         from gap group by table_name order by table_name`,
);
