import type { LogColumn, LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';

/** One reading. Times are instants; dates are `YYYY-MM-DD`; whole numbers are decimal texts. */
export interface LogRow {
  readonly id: string;
  /** By column name in PostgreSQL. */
  readonly values: Readonly<Record<string, LogValue>>;
  /** What the solution sent beyond the table's columns. */
  readonly extra: Readonly<Record<string, unknown>> | null;
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

type Row = { id: string; extra: Record<string, unknown> | null } & Record<string, LogValue | object>;

export type LogReadStore = ReturnType<typeof createLogReadStore>;

/** Readings by `Id`. The names of tables and columns come from the catalogue, never from a caller. */
export function createLogReadStore(db: Db) {
  return {
    /**
     * The readings after an id, in the order of their ids, straight from the index. Without its statistics, as after
     * a first large upload, PostgreSQL would rather sort all that is left, and so again for every page.
     */
    async rows(table: LogTable, range: LogRange, after: string, limit: number): Promise<LogRow[]> {
      const columns = table.columns.map(selected).join(', ');
      const within = conditionOf(range);
      return db.transaction(async (transaction) => {
        await transaction.raw('set local enable_sort = off');
        const result = await transaction.raw<{ rows: Row[] }>(
          `select id, extra, ${columns} from ${table.table}
           where solution_id = :solutionId and id > :after ${within.sql} order by id limit :limit`,
          { solutionId: range.solutionId, after, limit, ...within.bindings },
        );
        return result.rows.map(rowFrom);
      });
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
        `select id, extra, ${columns} from ${table.table}
         where solution_id = :solutionId and (cast(:before as bigint) is null or id < :before)
         order by id desc limit :limit`,
        { solutionId, before, limit },
      );
      return result.rows.map(rowFrom);
    },

    /** Names of what the solution sent beyond the table's columns, anywhere in the range. */
    async extraNames(table: LogTable, range: LogRange): Promise<string[]> {
      const within = conditionOf(range);
      const result = await db.raw<{ rows: { name: string }[] }>(
        `select distinct jsonb_object_keys(extra) as name from ${table.table}
         where solution_id = :solutionId and extra is not null ${within.sql} order by name`,
        { solutionId: range.solutionId, ...within.bindings },
      );
      return result.rows.map((row) => row.name);
    },
  };
}

/** A `date` as text: the driver would make an instant of it, in the time zone of this machine. */
const selected = ({ type, column }: LogColumn) =>
  type === 'date' ? `to_char(${column}, 'YYYY-MM-DD') as ${column}` : column;

function conditionOf({ from, to }: LogRange): { sql: string; bindings: Record<string, string> } {
  return {
    sql: `${boundOf('from', '>=', from)} ${boundOf('to', '<', to)}`,
    bindings: {
      ...(from === null ? {} : { from: from.text, fromZone: from.timezone ?? '' }),
      ...(to === null ? {} : { to: to.text, toZone: to.timezone ?? '' }),
    },
  };
}

function boundOf(name: 'from' | 'to', comparison: '>=' | '<', time: LogTime | null): string {
  if (time === null) return '';
  if (time.timezone === null) return `and measured_at ${comparison} cast(:${name} as timestamptz)`;
  return `and measured_at ${comparison} cast(:${name} as timestamp) at time zone :${name}Zone`;
}

const rowFrom = ({ id, extra, ...values }: Row): LogRow => ({ id, extra, values: valuesFrom(values) });

/** `extra` is the one column that holds an object, and it has been taken out. */
const valuesFrom = (values: Record<string, LogValue | object>) => values as Record<string, LogValue>;
