import { type LogTable, logTables } from '../../../shared/catalog/log-tables';
import { booksChanged } from '../../../shared/domain/job-kind';
import { type Page, pageOf } from '../../../shared/domain/page';
import { isTimeZone } from '../../../shared/domain/known-zone';
import type { LogGaps } from '../../../shared/domain/log-gaps';
import type { Caller } from '../../../shared/domain/staff';
import { invalidFields, notFound } from '../../../shared/errors/catalog';
import { type CsvOptions, logCsv } from '../../../shared/formats/log-csv';
import type { LogValue } from '../../../shared/formats/log-value';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { AcceptedIds, LogBookStore } from '../../../shared/stores/logs/log-book-store';
import type { LogLock } from '../../../shared/stores/logs/log-lock';
import type { LogMarkStore } from '../../../shared/stores/logs/log-mark-store';
import type { ArrivalCursor, LogReadStore, LogRow } from '../../../shared/stores/logs/log-read-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { ReadAccess } from '../../../shared/stores/read-access';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly logBooks: Pick<LogBookStore, 'acceptDoubt' | 'askCheck'>;
  readonly logLock: LogLock;
  readonly logMarks: Pick<LogMarkStore, 'gaps'>;
  readonly logReadings: Pick<LogReadStore, 'arrived' | 'extraNames' | 'rows'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'find' | 'isVisible'>;
}

export interface LogQuery {
  readonly solutionId: number;
  readonly table: LogTable;
  /** Readings whose id is greater. */
  readonly afterId: string;
  /** ISO 8601; without an offset it is local to the solution. `from` is within, `to` is not. */
  readonly from: string | null;
  readonly to: string | null;
}

/** A reading, by the names of the wire: `Id`, the table's columns, then what the solution sent beyond them. */
export interface WireLog {
  readonly Id: string;
  readonly [column: string]: unknown;
}

/** The gaps of one log. */
export interface TableGaps extends LogGaps {
  readonly table: LogTable;
}

export interface AcceptedLosses {
  readonly solutionId: number;
  readonly table: LogTable;
  /** The reason that a person gave. Null: none was given. */
  readonly reason: string | null;
}

export type LogService = ReturnType<typeof createLogService>;

/** Readings of one solution. */
export function createLogService({ stores, transaction, reader }: StoreAccess<Stores> & ReadAccess<Stores>) {
  return {
    /** Throws `not-found`, and `invalid-fields` for a time on a clock that is in no time zone. */
    async list(caller: Caller, query: LogQuery, limit: number): Promise<Page<WireLog>> {
      const range = await rangeOf(stores, caller, query);
      const rows = await transaction(({ logReadings }) =>
        logReadings.rows(query.table, range, query.afterId, limit + 1),
      );
      const page = pageOf(rows, limit, (last) => last.id);
      return { items: page.items.map((row) => wireLog(query.table, row)), next: page.next };
    },

    /**
     * Readings in the order of arrival, after a given place, and the place after the last of them to continue from.
     * Throws `not-found`.
     */
    async listArrived(
      caller: Caller,
      { solutionId, table }: Pick<LogQuery, 'solutionId' | 'table'>,
      cursor: ArrivalCursor,
      limit: number,
    ): Promise<{ items: WireLog[]; next: ArrivalCursor }> {
      await needVisible(stores, caller, solutionId);
      const { rows, next } = await stores.logReadings.arrived(table, solutionId, cursor, limit);
      return { items: rows.map((row) => ({ ...wireLog(table, row), receivedAt: row.receivedAt })), next };
    },

    /**
     * CSV in pieces, all rows or the first `limit`. Each piece is one short query that begins after the last id: a
     * slow reader holds neither a connection nor a snapshot of the database, and memory does not grow. It is read on the
     * replica, if there is one, and contains all that was committed before.
     * Throws as `list` does, before the first piece.
     */
    async exportCsv(caller: Caller, query: LogQuery, options: CsvOptions): Promise<AsyncGenerator<string>> {
      const range = await rangeOf(stores, caller, query);
      if (options.isForExcel && !isTimeZone(range.timezone)) throw noClock('for', range.timezone);
      const read = await reader();
      const extraNames = await read(({ logReadings }) => logReadings.extraNames(query.table, range));
      return logCsv(
        {
          ...{ table: query.table, timezone: range.timezone, extraNames, afterId: query.afterId },
          rows: (after, limit) =>
            read(({ logReadings }) => logReadings.rows(query.table, range, after, limit)),
        },
        options,
      );
    },

    /**
     * Staff accept the losses that the last check found: missing rows count as lost, and rows that no upload contained
     * are kept. Throws `not-found`, `forbidden`.
     */
    async acceptLosses(caller: Caller, { solutionId, table, reason }: AcceptedLosses): Promise<AcceptedIds> {
      return transaction(async (within) => {
        await needVisible(within, caller, solutionId);
        needEditor(caller);
        await within.logLock.take(solutionId, table.table);
        const accepted = await within.logBooks.acceptDoubt({ solutionId, table: table.table });
        await within.logBooks.askCheck(solutionId, table.table);
        await within.jobs.add(booksChanged);
        if (accepted.lost === '0' && accepted.unknown === '0') return accepted;
        const after = { table: table.name, ...accepted, reason };
        await within.audit.add([auditEntry(caller, 'log.accept-losses', { solutionId, after })]);
        return accepted;
      });
    },

    /** The gaps of every log in which ids are missing, in the order of the catalogue. Throws `not-found`. */
    async gaps(caller: Caller, solutionId: number): Promise<TableGaps[]> {
      await needVisible(stores, caller, solutionId);
      const found = await stores.logMarks.gaps(solutionId);
      return logTables.flatMap((table) => {
        const gaps = found.get(table.table);
        return gaps === undefined ? [] : [{ table, ...gaps }];
      });
    },
  };
}

async function rangeOf(
  { solutionAdmin }: Pick<Stores, 'solutionAdmin'>,
  caller: Caller,
  { solutionId, from, to }: LogQuery,
) {
  const solution = await solutionAdmin.find(caller.accounts, solutionId);
  if (solution === null) throw notFound('solution');
  const timeOf = (field: 'from' | 'to', text: string | null) => {
    if (text === null) return null;
    if (hasOffset(text)) return { text, timezone: null };
    if (!isTimeZone(solution.timezone)) throw noClock(field, solution.timezone);
    return { text, timezone: solution.timezone };
  };
  const { timezone } = solution;
  return { solutionId, timezone, from: timeOf('from', from), to: timeOf('to', to) };
}

/** If the time were silently taken as UTC, other readings would be returned than were asked for. */
const noClock = (field: string, timezone: string) =>
  invalidFields([
    {
      field,
      fault: {
        code: 'other',
        text: `needs an offset, e.g. Z: the solution's time zone, ${JSON.stringify(timezone)}, is none`,
      },
    },
  ]);

const hasOffset = (time: string) => /(Z|[+-]\d\d:?\d\d)$/i.test(time.slice(10));

function wireLog(table: LogTable, row: LogRow): WireLog {
  const columns = table.columns.map(({ name, column, type }): [string, unknown] => [
    name,
    jsonValue(type, row.values[column] ?? null),
  ]);
  return { ...row.extra, Id: row.id, ...Object.fromEntries(columns) };
}

/** PostgreSQL gives a bigint as text. */
const jsonValue = (type: LogTable['columns'][number]['type'], value: LogValue) =>
  type === 'integer' && value !== null ? Number(value) : value;
