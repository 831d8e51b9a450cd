import type { LogColumn, LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { idsMeasured, idWithin, type SpanBounds } from '../../db/log-span';

/** One reading. Times are instants; dates are `YYYY-MM-DD`; whole numbers are decimal texts. */
export interface LogRow {
  readonly id: string;
  /** By column name in PostgreSQL. */
  readonly values: Readonly<Record<string, LogValue>>;
  /** Undeclared columns that the solution sent. */
  readonly extra: Readonly<Record<string, unknown>> | null;
  /** Null: it was received before the server kept that. */
  readonly receivedAt: Date | null;
}

/** A place in the order of arrival: after this row of this load of a log file. */
export interface ArrivalCursor {
  readonly arrival: string;
  /** -1: before its first row. */
  readonly id: string;
}

export type LogValue = string | number | boolean | Date | null;

export interface LogRange {
  readonly solutionId: number;
  /** Readings taken at this time or later. */
  readonly from: LogTime | null;
  /** Readings taken before this time. */
  readonly to: LogTime | null;
}

/** ISO 8601. */
export interface LogTime {
  readonly text: string;
  /** The zone that a text without an offset is in; null: it has its offset. */
  readonly timezone: string | null;
}

type Row = { id: string; extra: Record<string, unknown> | null; received_at: Date | null } & Record<
  string,
  LogValue | object
>;
type ArrivedRow = Row & { arrival: string };

export type LogReadStore = ReturnType<typeof createLogReadStore>;

/** Readings by `Id`. The names of tables and columns come from the catalogue, never from a caller. */
export function createLogReadStore(db: Db) {
  return {
    /**
     * The readings after an id, in the order of their ids, straight from the index. The cost grows with the returned
     * rows, whatever is stored before and after the range of time. Without statistics, as after a first large upload,
     * PostgreSQL would sort all remaining rows for every page. So this disables sorting until the end of the
     * transaction: call it in a transaction of its own.
     */
    async rows(table: LogTable, range: LogRange, after: string, limit: number): Promise<LogRow[]> {
      const columns = table.columns.map(selected).join(', ');
      const within = conditionOf(range);
      await db.raw('set local enable_sort = off');
      const result = await db.raw<{ rows: Row[] }>(
        `select log.* from unnest(${idsMeasured(table, within)} * int8multirange(int8range(:after, null, '()'))) as part
         cross join lateral (
           select id, extra, received_at, ${columns} from ${table.table}
           where solution_id = :solutionId and ${idWithin('part')} ${within.sql} order by id limit :limit
         ) log limit :limit`,
        { solutionId: range.solutionId, table: table.table, after, limit, ...within.bindings },
      );
      return result.rows.map(rowFrom);
    },

    /**
     * The readings that came after a place in the order of arrival, and the place after the last of them. Loads of one
     * log become visible in the order of their numbers, so no row is missed, even below the highest id. A row that was
     * replaced later is returned again.
     */
    async arrived(
      table: LogTable,
      solutionId: number,
      cursor: ArrivalCursor,
      limit: number,
    ): Promise<{ rows: LogRow[]; next: ArrivalCursor }> {
      const rows: ArrivedRow[] = [];
      let from = cursor.id === topId ? afterLoad(cursor.arrival) : cursor;
      for (;;) {
        const page = await arrivedPage(table, solutionId, from, limit - rows.length);
        rows.push(...page.rows);
        const last = rows.at(-1);
        const next = last === undefined ? cursor : { arrival: last.arrival, id: last.id };
        if (page.lastArrival === null || rows.length >= limit)
          return { rows: rows.map(({ arrival: _arrival, ...row }) => rowFrom(row as Row)), next };
        from = afterLoad(page.lastArrival);
      }
    },

    /** The newest first: the readings before an id, or the very last ones. */
    async latest(
      table: LogTable,
      solutionId: number,
      before: string | null,
      limit: number,
    ): Promise<LogRow[]> {
      const columns = table.columns.map(selected).join(', ');
      const result = await db.raw<{ rows: Row[] }>(
        `select id, extra, received_at, ${columns} from ${table.table}
         where solution_id = :solutionId and (cast(:before as bigint) is null or id < :before)
         order by id desc limit :limit`,
        { solutionId, before, limit },
      );
      return result.rows.map(rowFrom);
    },

    /** Names of the undeclared columns that occur in the range. */
    async extraNames(table: LogTable, range: LogRange): Promise<string[]> {
      const within = conditionOf(range);
      const result = await db.raw<{ rows: { name: string }[] }>(
        `select distinct jsonb_object_keys(log.extra) as name from unnest(${idsMeasured(table, within)}) as part
         cross join lateral (
           select extra from ${table.table}
           where solution_id = :solutionId and ${idWithin('part')} and extra is not null ${within.sql} offset 0
         ) log order by name`,
        { solutionId: range.solutionId, table: table.table, ...within.bindings },
      );
      return result.rows.map((row) => row.name);
    },
  };

  /**
   * Reads rows of some loads. A lateral subquery with its own limit runs in the order of the outer rows, so the cost of
   * a page grows only with its rows. `lastArrival` null: there are no further loads.
   */
  async function arrivedPage(
    table: LogTable,
    solutionId: number,
    { arrival, id }: ArrivalCursor,
    limit: number,
  ): Promise<{ rows: ArrivedRow[]; lastArrival: string | null }> {
    const columns = table.columns.map(selected).join(', ');
    const loads = `select arrival, received_at, ids from log_arrival
      where solution_id = :solutionId and table_name = :table and arrival >= :arrival
      order by arrival limit ${maxLoads}`;
    const bindings = { solutionId, table: table.table, arrival };
    const { rows } = await db.raw<{ rows: ArrivedRow[] }>(
      `select log.*, loads.arrival from (${loads}) loads
       cross join lateral unnest(case when loads.arrival = :arrival
         then loads.ids * int8multirange(int8range(:id, null, '()')) else loads.ids end) as part
       cross join lateral (
         select id, extra, received_at, ${columns} from ${table.table}
         where solution_id = :solutionId and ${idWithin('part')}
           and (received_at is null or received_at <= loads.received_at)
         order by id limit :limit
       ) log limit :limit`,
      { ...bindings, id, limit },
    );
    if (rows.length >= limit) return { rows, lastArrival: rows.at(-1)?.arrival ?? null };
    const ends = await db.raw<{ rows: { count: number; last: string | null }[] }>(
      `select count(*)::int as count, max(arrival)::text as last from (${loads}) loads`,
      bindings,
    );
    const [end] = ends.rows;
    return { rows, lastArrival: end?.count === maxLoads ? end.last : null };
  }
}

/** No row of a load comes after this id, and PostgreSQL has no range that begins there. */
const topId = String(2n ** 63n - 1n);
const afterLoad = (arrival: string): ArrivalCursor => ({ arrival: String(BigInt(arrival) + 1n), id: '-1' });

/** The most loads that one statement reads. */
const maxLoads = 1_000;

/** A `date` is read as text, because the driver would turn it into an instant in the time zone of this machine. */
const selected = ({ type, column }: LogColumn) =>
  type === 'date' ? `to_char(${column}, 'YYYY-MM-DD') as ${column}` : column;

interface RangeSql extends SpanBounds {
  /** Further conditions, each with `and` before it. */
  readonly sql: string;
  readonly bindings: Record<string, string>;
}

function conditionOf({ from, to }: LogRange): RangeSql {
  const bounds = { from: instantOf('from', from), to: instantOf('to', to) };
  return {
    ...bounds,
    sql: `${bounds.from === null ? '' : `and measured_at >= ${bounds.from}`} ${bounds.to === null ? '' : `and measured_at < ${bounds.to}`}`,
    bindings: {
      ...(from === null ? {} : { from: from.text, fromZone: from.timezone ?? '' }),
      ...(to === null ? {} : { to: to.text, toZone: to.timezone ?? '' }),
    },
  };
}

function instantOf(name: 'from' | 'to', time: LogTime | null): string | null {
  if (time === null) return null;
  if (time.timezone === null) return `cast(:${name} as timestamptz)`;
  return `(cast(:${name} as timestamp) at time zone :${name}Zone)`;
}

const rowFrom = ({ id, extra, received_at: receivedAt, ...values }: Row): LogRow => ({
  id,
  extra,
  receivedAt,
  values: valuesFrom(values),
});

/** `extra` is the one column that holds an object, and it has been taken out. */
const valuesFrom = (values: Record<string, LogValue | object>) => values as Record<string, LogValue>;
