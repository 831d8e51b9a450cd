import type { LogColumn, LogTable } from '../../../shared/catalog/log-tables';
import { isTimeZone } from '../../../shared/domain/known-zone';
import { quotable, type Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import { timeZone } from '../../../shared/domain/local-time';
import { decodeText, readBoolean, readDecimal } from '../../../shared/formats/csv-cell';
import type { CsvRows } from '../../../shared/formats/csv-rows';
import type { LogHeader } from './log-header';
import { isUnsetTime } from '../../../shared/formats/unset-time';
import type { LogId } from './log-id';
import { ReadingTimes } from './reading-times';
import {
  bytesOfTimes,
  MAX_BYTES_PER_FIELD,
  MAX_BYTES_PER_TEXT_BYTE,
  type CellSpan,
  type TupleBuffer,
} from './tuple-buffer';

/** Checks a row's values and writes them as PostgreSQL keeps them. Whatever it writes, PostgreSQL accepts. */
export interface RowEncoder {
  /** The columns that it fills, in its order. */
  readonly columns: readonly string[];
  /** Those of them that hold a time. */
  readonly timeColumns: readonly string[];
  /** For times that are written alike twice. */
  readonly times: ReadingTimes;
  /** How much room the current row may take in a tuple buffer, with the caller's fields. */
  maxBytes(row: CsvRows): number;
  /**
   * Writes the current row into `out`, which must have room for it, or writes nothing. `moreFields`: how many fields
   * the caller adds.
   */
  encode(
    row: CsvRows,
    id: LogId,
    out: TupleBuffer,
    moreFields: number,
  ): 'encoded' | 'needs-earlier-readings' | BadValue;
  /**
   * Adds a field for each of `timeColumns` to the row that was just encoded: an array of what else the time may have been
   * read as, because the clock on the wall shows it twice or the solution's zone was another one; null for nothing.
   */
  addOtherTimes(out: TupleBuffer): void;
}

/** Names the column, its value and what was expected. */
export interface BadValue {
  readonly reason: string;
  readonly why: Reason;
}

/** The column that holds the time of the reading itself. */
export const READING_TIME = 'MeasuredAt';

export function createRowEncoder(
  header: LogHeader,
  input: { readonly solutionId: number; readonly timezone: string; readonly table: LogTable },
  oldTimezones: readonly string[] = [],
): RowEncoder {
  const { solutionId, table } = input;
  const timeColumns = table.columns.filter(({ type }) => type === 'time').map(({ column }) => column);
  const times = new ReadingTimes({
    zone: timeZone(input.timezone),
    columns: timeColumns.length,
    oldZones: oldTimezones.filter(isTimeZone).map(timeZone),
    areDistinct: table.isMeasuredByDevice,
  });
  const seriesCell = header.declared.find(({ column }) => column.name === table.series)?.cell ?? null;
  const fields = header.declared.map(({ column, cell }) => ({
    column,
    cell,
    isTrimmed: column.type !== 'text' || column.oneOf !== undefined,
    write: cellWriter(column, { times, place: timeColumns.indexOf(column.column), seriesCell }),
  }));
  const undeclared = header.undeclared.map(({ name, cell }) => ({
    name,
    cell,
    key: Buffer.from(`{${JSON.stringify(name)}: `),
  }));
  // One for all cells, one after the other: a row has dozens, and a file a million rows.
  const span: CellSpan = { from: 0, to: 0, isEscaped: false };
  const fieldCount = fields.length + 3;
  const fixedBytes =
    (fieldCount + 4) * MAX_BYTES_PER_FIELD +
    timeColumns.length * bytesOfTimes(1 + 4 * oldTimezones.length) +
    undeclared.reduce((sum, { key }) => sum + key.length + 4, 0);
  const columns = ['solution_id', 'id', ...fields.map(({ column }) => column.column), 'extra'];

  return { columns, timeColumns, times, maxBytes, encode, addOtherTimes };

  function maxBytes(row: CsvRows): number {
    return row.fault !== null ? 0 : fixedBytes + (row.end - row.start) * MAX_BYTES_PER_TEXT_BYTE;
  }

  function encode(
    row: CsvRows,
    id: LogId,
    out: TupleBuffer,
    moreFields: number,
  ): ReturnType<RowEncoder['encode']> {
    times.beginRow();
    out.beginRow(fieldCount + moreFields);
    out.int32(solutionId);
    out.int64Halves(id.high, id.low);
    for (const field of fields) {
      if (writeField(row, field, span, out)) continue;
      out.dropRow();
      return times.needsEarlierReadings ? 'needs-earlier-readings' : badValue(row, field);
    }
    if (!writeUndeclared(row, out)) {
      out.dropRow();
      return undeclaredWithNul;
    }
    times.acceptRow();
    return 'encoded';
  }

  function addOtherTimes(out: TupleBuffer): void {
    for (let column = 0; column < timeColumns.length; column++) out.times(times.otherInstants(column));
  }

  function writeUndeclared(row: CsvRows, out: TupleBuffer): boolean {
    if (undeclared.length > 0)
      return out.jsonObject(() => undeclared.every((column) => writePair(row, column, span, out)));
    out.null();
    return true;
  }
}

interface Field {
  readonly column: LogColumn;
  readonly cell: number | null;
  readonly isTrimmed: boolean;
  readonly write: CellWriter;
}

/**
 * Writes the value of a cell that is not empty. False: the column does not accept the value, and nothing is written.
 */
type CellWriter = (row: CsvRows, cell: CellSpan, out: TupleBuffer) => boolean;

function writeField(row: CsvRows, field: Field, span: CellSpan, out: TupleBuffer): boolean {
  if (!isFilled(row, field, span)) {
    out.null();
    return true;
  }
  return field.write(row, span, out);
}

/** Sets `span` to the bytes of the field's value. False: there is none. */
function isFilled(row: CsvRows, { cell, isTrimmed }: Field, span: CellSpan): boolean {
  if (cell === null) return false;
  let from = row.cellStart[cell] ?? 0;
  let to = row.cellEnd[cell] ?? 0;
  if (isTrimmed) {
    while (from < to && isBlank(row.bytes[from])) from++;
    while (from < to && isBlank(row.bytes[to - 1])) to--;
  }
  span.from = from;
  span.to = to;
  span.isEscaped = row.cellEscaped[cell] === 1;
  return from < to;
}

interface UndeclaredColumn {
  readonly cell: number;
  readonly key: Buffer;
}

/** An empty undeclared cell is left out. */
function writePair(row: CsvRows, { cell, key }: UndeclaredColumn, span: CellSpan, out: TupleBuffer): boolean {
  span.from = row.cellStart[cell] ?? 0;
  span.to = row.cellEnd[cell] ?? 0;
  span.isEscaped = row.cellEscaped[cell] === 1;
  return span.from === span.to || out.jsonPair(key, row.bytes, span);
}

interface TimeCells {
  readonly times: ReadingTimes;
  /** Which of the columns of time it is. */
  readonly place: number;
  readonly seriesCell: number | null;
}

function cellWriter(column: LogColumn, cells: TimeCells): CellWriter {
  switch (column.type) {
    case 'text':
      return column.oneOf === undefined ? writeText : choiceWriter(column.oneOf);
    case 'decimal':
      return decimalWriter(column);
    case 'integer':
      return integerWriter(column);
    case 'boolean':
      return writeBoolean;
    case 'time':
      return column.name === READING_TIME ? readingTimeWriter(cells) : timeWriter(cells);
    case 'date':
      return dateWriter(cells);
  }
}

const writeText: CellWriter = (row, cell, out) => out.text(row.bytes, cell);

/** In any case; kept as the catalogue spells it, as in parameters. */
function choiceWriter(choices: readonly string[]): CellWriter {
  const whole: CellSpan = { from: 0, to: 0, isEscaped: false };
  const spelled = new Map(choices.map((choice) => [choice.toLowerCase(), Buffer.from(choice)]));
  return (row, cell, out) => {
    const choice = spelled.get(decodeText(row.bytes.subarray(cell.from, cell.to)).toLowerCase());
    if (choice === undefined) return false;
    whole.to = choice.length;
    return out.text(choice, whole);
  };
}

function decimalWriter({ min = -Infinity, max = Infinity }: LogColumn): CellWriter {
  return (row, cell, out) => {
    const value = readDecimal(row.bytes, cell.from, cell.to);
    if (!(value >= min && value <= max)) return false;
    out.float64(value);
    return true;
  };
}

function integerWriter({
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
}: LogColumn): CellWriter {
  return (row, cell, out) => {
    const value = readDecimal(row.bytes, cell.from, cell.to);
    if (!(value >= min && value <= max && Number.isSafeInteger(value))) return false;
    out.int64(value);
    return true;
  };
}

const writeBoolean: CellWriter = (row, cell, out) => {
  const value = readBoolean(row.bytes, cell.from, cell.to);
  if (value === -1) return false;
  out.boolean(value === 1);
  return true;
};

const timeWriter =
  ({ times, place }: TimeCells): CellWriter =>
  (row, cell, out) => {
    if (!times.read(place, row.bytes, cell.from, cell.to)) return writeUnset(row, cell, out);
    out.int64(times.instant);
    return true;
  };

function readingTimeWriter({ times, place, seriesCell }: TimeCells): CellWriter {
  const series = { from: 0, to: 0 };
  return (row, cell, out) => {
    if (seriesCell !== null) {
      series.from = row.cellStart[seriesCell] ?? 0;
      series.to = row.cellEnd[seriesCell] ?? 0;
    }
    if (times.readReading(place, row.bytes, cell, series)) {
      out.int64(times.instant);
      return true;
    }
    return !times.needsEarlierReadings && writeUnset(row, cell, out);
  };
}

const dateWriter =
  ({ times }: TimeCells): CellWriter =>
  (row, cell, out) => {
    const days = times.readDate(row.bytes, cell.from, cell.to);
    if (Number.isNaN(days)) return writeUnset(row, cell, out);
    out.int32(days - DAYS_BEFORE_2000);
    return true;
  };

/** A time that was never set counts as empty, and an empty cell is accepted in every column. */
function writeUnset(row: CsvRows, { from, to }: CellSpan, out: TupleBuffer): boolean {
  if (to - from < 10 || !isUnsetTime(decodeText(row.bytes.subarray(from, to)))) return false;
  out.null();
  return true;
}

function badValue(row: CsvRows, field: Field): BadValue {
  const cell = field.cell ?? 0;
  const value = decodeText(row.bytes.subarray(row.cellStart[cell], row.cellEnd[cell]));
  return because(expectationOf(field.column, { column: field.column.name, value: quotable(value) }));
}

function expectationOf(
  { type, min, max, unit, oneOf }: LogColumn,
  cell: { readonly column: string; readonly value: string },
): Reason {
  switch (type) {
    case 'text':
      return oneOf === undefined
        ? { code: 'text-without-nul-expected', values: cell }
        : { code: 'choice-expected', values: { ...cell, choices: oneOf } };
    case 'decimal':
      return { code: 'number-expected', values: { ...cell, min, max, unit } };
    case 'integer':
      return { code: 'whole-number-expected', values: { ...cell, min, max, unit } };
    case 'boolean':
      return { code: 'boolean-expected', values: cell };
    case 'time':
      return { code: 'time-expected', values: cell };
    case 'date':
      return { code: 'date-expected', values: cell };
  }
}

const undeclaredWithNul: BadValue = because({ code: 'undeclared-with-nul', values: {} });

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09;

const DAYS_BEFORE_2000 = 10_957;
