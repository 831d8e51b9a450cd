import type { Db } from '../../db/database';

/** One log of one solution. */
export interface LogOfSolution {
  readonly solutionId: number;
  /** The table in PostgreSQL, e.g. `tbfridge`. */
  readonly table: string;
}

/** One month of a log. */
export interface LogMonthKey extends LogOfSolution {
  /** `YYYY-MM`, on the clock of the solution. */
  readonly month: string;
}

/** A month of which a log holds readings. */
export interface LogMonth extends LogMonthKey {
  /** The last load that stored a reading of that month: if it differs, the readings differ. */
  readonly arrival: string;
  /** When that load was noted, `YYYY-MM-DD` in UTC. */
  readonly notedOn: string;
  /** Its last load when retention began to remove readings of it. Null: the month is complete. */
  readonly cutArrival: string | null;
}

export interface LogMonthQuery {
  readonly solutionIds: readonly number[];
  /** Only these tables. Null: all. */
  readonly tables: readonly string[] | null;
  /** Only this month. Null: every month. */
  readonly month: string | null;
  /** Only months whose readings changed at that time or later. Null: all. */
  readonly changedSince: Date | null;
  /** After this one, in the order of solution, month and table. Null: from the beginning. */
  readonly after: LogMonthKey | null;
  readonly limit: number;
}

interface Row {
  solution_id: number;
  month: string;
  table_name: string;
  arrival: string;
  noted_on: string;
  cut_arrival: string | null;
}

export type LogMonthStore = ReturnType<typeof createLogMonthStore>;

/** Which months the readings of a log belong to. Readings without a time belong to none. */
export function createLogMonthStore(db: Db) {
  return {
    /** The logs that stored readings since then and whose months are not noted yet. Null: since ever. */
    async unnoted(solutionIds: readonly number[], since: Date | null): Promise<LogOfSolution[]> {
      const logs =
        since === null
          ? `select solution_id, table_name from log_mark where solution_id = any(:solutionIds)`
          : `select distinct solution_id, table_name from log_arrival
             where received_at >= :since and solution_id = any(:solutionIds)`;
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select l.solution_id, l.table_name from (${logs}) l
         left join log_month_read r on r.solution_id = l.solution_id and r.table_name = l.table_name
         where exists (select 1 from log_arrival a where a.solution_id = l.solution_id
           and a.table_name = l.table_name and a.arrival > coalesce(r.arrival, -1))`,
        { solutionIds: [...solutionIds], ...(since === null ? {} : { since }) },
      );
      return rows.map((row) => ({ solutionId: row.solution_id, table: row.table_name }));
    },

    /**
     * Notes the months of the readings that a log has stored since the last time. It reads those readings alone. The
     * name of the table comes from the catalogue, never from a caller.
     */
    async note({ solutionId, table }: LogOfSolution, timezone: string): Promise<void> {
      await db.raw(
        `with loads as materialized (
           select arrival, ids from log_arrival
           where solution_id = :solutionId and table_name = :table and arrival > coalesce(
             (select arrival from log_month_read where solution_id = :solutionId and table_name = :table), -1)
         ), months as (
           select date_trunc('month', log.measured_at at time zone :timezone)::date as month, max(loads.arrival) as arrival
           from loads cross join lateral unnest(loads.ids) part
           join ${table} log on log.solution_id = :solutionId and log.measured_at is not null
             and log.id >= lower(part) and (upper_inf(part) or log.id < upper(part))
           group by 1
         ), noted as (
           insert into log_month (solution_id, month, table_name, arrival)
           select :solutionId, month, :table, arrival from months
           on conflict (solution_id, month, table_name) do update set arrival = excluded.arrival, noted_at = now()
             where log_month.arrival < excluded.arrival
         )
         insert into log_month_read (solution_id, table_name, arrival)
         select :solutionId, :table, max(arrival) from loads having count(*) > 0
         on conflict (solution_id, table_name) do update
           set arrival = greatest(log_month_read.arrival, excluded.arrival)`,
        { solutionId, table, timezone },
      );
    },

    /** Notes that readings from before that time are about to be removed. Months that were cut before stay as they are. */
    async cut({ solutionId, table }: LogOfSolution, before: Date): Promise<void> {
      await db.raw(
        `update log_month set cut_arrival = arrival
         where solution_id = :solutionId and table_name = :table and cut_arrival is null
           and month < (cast(:before as timestamptz) at time zone 'UTC')::date`,
        { solutionId, table, before },
      );
    },

    async list({
      solutionIds,
      tables,
      month,
      changedSince,
      after,
      limit,
    }: LogMonthQuery): Promise<LogMonth[]> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select ${columns} from log_month
         where solution_id = any(:solutionIds) and (cast(:tables as text[]) is null or table_name = any(:tables))
           and (cast(:month as date) is null or month = :month)
           and (cast(:changedSince as timestamptz) is null or noted_at >= :changedSince)
           and (solution_id, month, table_name) > (:afterSolution, cast(:afterMonth as date), :afterTable)
         order by solution_id, month, table_name limit :limit`,
        {
          solutionIds: [...solutionIds],
          tables: tables === null ? null : [...tables],
          month: month === null ? null : firstDay(month),
          changedSince,
          afterSolution: after?.solutionId ?? -1,
          afterMonth: firstDay(after?.month ?? '0001-01'),
          afterTable: after?.table ?? '',
          limit,
        },
      );
      return rows.map(monthFrom);
    },

    /** Null: the log holds no reading of that month. */
    async find({ solutionId, table, month }: LogMonthKey): Promise<LogMonth | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select ${columns} from log_month
         where solution_id = :solutionId and table_name = :table and month = cast(:month as date)`,
        { solutionId, table, month: firstDay(month) },
      );
      return rows[0] === undefined ? null : monthFrom(rows[0]);
    },
  };
}

const columns = `solution_id, to_char(month, 'YYYY-MM') as month, table_name, arrival, cut_arrival,
  to_char(noted_at at time zone 'UTC', 'YYYY-MM-DD') as noted_on`;

const firstDay = (month: string) => `${month}-01`;

const monthFrom = (row: Row): LogMonth => ({
  solutionId: row.solution_id,
  month: row.month,
  table: row.table_name,
  arrival: row.arrival,
  notedOn: row.noted_on,
  cutArrival: row.cut_arrival,
});
