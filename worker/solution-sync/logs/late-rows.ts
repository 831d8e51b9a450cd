import type { Readable } from 'node:stream';
import { createBinaryCopy } from '../../../shared/db/copy';
import type { Transaction } from '../../../shared/db/database';
import { dropStoredRows } from './drop-stored-rows';
import type { CopyStream } from './copy-streams';
import type { LogKey, LogState } from './log-mark';
import { readSpans } from './read-spans';
import type { RowEncoder } from './row-encoder';

/**
 * Rows whose ids may be stored already: those at or below the highest known id. Rows that the log does not contain byte
 * for byte are collected in a temporary table, with their place in the file, and then compared as a set.
 */
export interface LateRows extends CopyStream {
  /**
   * Moves new rows into the log. If several rows have the same id, the first in the file wins. Returns how many were
   * moved.
   */
  insertNew(): Promise<number>;
  /** After that, and until it is closed: SQL that reads their ids. Null: there were none. */
  newIds(): string | null;
  /** Rows whose id is stored with other content, in the order of the file, with their raw bytes. */
  conflicts(openFile: () => Promise<Readable>): AsyncIterable<ConflictingRow>;
  /** Rows that are stored unchanged although an open item of quarantine has the same Id with other content. */
  storedInQuarantine(openFile: () => Promise<Readable>): AsyncIterable<StoredRow>;
  close(): Promise<void>;
}

export interface ConflictingRow {
  readonly id: string;
  readonly line: number;
  readonly raw: Buffer;
}

/** A row as it was sent, and the item of quarantine that may hold the same. */
export interface StoredRow {
  readonly itemId: string;
  readonly itemText: string;
  readonly raw: Buffer;
}

/** The last columns of the temporary table: line, offset in the file, length, each a field of a tuple. */
export const PLACE_FIELDS = 3;

export function createLateRows(
  { db, client }: Transaction,
  log: LogKey,
  { columns, timeColumns }: Pick<RowEncoder, 'columns' | 'timeColumns'>,
  { hasOpenConflicts }: Pick<LogState, 'hasOpenConflicts'>,
): LateRows {
  const { solutionId, table } = log;
  const stored = `"${table.table}"`;
  const list = (of: string) => columns.map((column) => `${of}."${column}"`).join(', ');
  const sameId = `stored.solution_id = ${solutionId} and stored.id = late.id`;
  const otherTime = (column: string) => `"other_${column}"`;
  // A time that the clock shows twice is distinguished by the rows around it. If these are not sent with it, both
  // readings count as the same row. So does a row that was read in an earlier time zone of the solution.
  const meant = columns.map((column) =>
    timeColumns.includes(column)
      ? `case when stored."${column}" = any(late.${otherTime(column)}) then stored."${column}" else late."${column}" end`
      : `late."${column}"`,
  );
  const isOther = `(${meant.join(', ')}) is distinct from (${list('stored')})`;
  let isOpen = false;

  return {
    copy: createBinaryCopy(client, 'late_row', [
      ...columns,
      ...timeColumns.map((column) => `other_${column}`),
      'line',
      'byte_offset',
      'byte_length',
    ]),

    async prepare(rows) {
      // A row that is stored byte for byte may settle the quarantine item of its Id.
      if (!hasOpenConflicts) await dropStoredRows(client, log, columns, rows);
      if (!rows.isEmpty) await open();
    },

    async insertNew() {
      if (!isOpen) return 0;
      await db.raw(
        `create temporary table unlike_row on commit drop as
         select late.*, stored.id is null as is_new
         from late_row late left join ${stored} stored on ${sameId}
         where stored.id is null or ${isOther}`,
      );
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `insert into ${stored} (${list('late').replaceAll('late.', '')})
         select distinct on (id) ${list('late')} from unlike_row late where is_new order by id, byte_offset`,
      );
      return rowCount;
    },

    newIds: () => (isOpen ? 'select distinct id from unlike_row where is_new' : null),

    async *conflicts(openFile) {
      if (!isOpen) return;
      await db.raw(
        `declare conflicting_row no scroll cursor for
         select late.id::text, late.line, late.byte_offset::float8 as offset, late.byte_length as length
         from unlike_row late join ${stored} stored on ${sameId}
         where ${isOther} order by byte_offset`,
      );
      const spans = fetchAll(() => db.raw<{ rows: Span[] }>('fetch 1000 from conflicting_row'));
      for await (const { span, bytes } of readSpans(openFile, spans)) {
        yield { id: span.id, line: span.line, raw: bytes };
      }
      await db.raw('close conflicting_row');
    },

    async *storedInQuarantine(openFile) {
      if (!isOpen || !hasOpenConflicts) return;
      await db.raw(
        `declare stored_row no scroll cursor for
         select q.id::text, q.raw as text, late.line, late.byte_offset::float8 as offset, late.byte_length as length
         from quarantine q join late_row late on late.id = q.log_id join ${stored} stored on ${sameId}
         where q.solution_id = :solutionId and q.subject = :subject and q.code = 'id-conflict' and q.state = 'open'
           and q.taken_at is null and q.raw is not null and not (${isOther})
         order by byte_offset`,
        { solutionId, subject: table.name },
      );
      const spans = fetchAll(() => db.raw<{ rows: ItemSpan[] }>('fetch 1000 from stored_row'));
      for await (const { span, bytes } of readSpans(openFile, spans)) {
        yield { itemId: span.id, itemText: span.text, raw: bytes };
      }
      await db.raw('close stored_row');
    },

    async close() {
      if (isOpen) await db.raw('drop table late_row, unlike_row');
    },
  };

  async function open(): Promise<void> {
    if (isOpen) return;
    await db.raw(
      `create temporary table late_row on commit drop as
       select ${list('stored')}, ${timeColumns.map((column) => `null::timestamptz[] as ${otherTime(column)},`).join(' ')}
         0::int as line, 0::bigint as byte_offset, 0::int as byte_length
       from ${stored} stored with no data`,
    );
    isOpen = true;
  }
}

interface Span {
  readonly id: string;
  readonly line: number;
  readonly offset: number;
  readonly length: number;
}

interface ItemSpan extends Span {
  readonly text: string;
}

async function* fetchAll<One extends Span>(fetch: () => PromiseLike<{ rows: One[] }>): AsyncGenerator<One> {
  for (let { rows } = await fetch(); rows.length > 0; { rows } = await fetch()) yield* rows;
}
