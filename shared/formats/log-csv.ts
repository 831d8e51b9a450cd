import type { LogTable } from '../catalog/log-tables';
import { formatCsv } from './csv-table';
import { formatLogValue, type LogValue } from './log-value';
import { spreadsheetText } from './spreadsheet-text';

export interface CsvOptions {
  /** Rows; Infinity: all. */
  readonly limit: number;
  /** False: texts are changed so that a spreadsheet cannot take them for formulas. */
  readonly areExact: boolean;
  /** For a French Excel: `;`, decimal comma, 1 and 0, times on the solution's clock, a byte order mark; never exact. */
  readonly isForExcel: boolean;
}

/** The readings of one log, in the order of their ids. */
export interface CsvReadings {
  readonly table: LogTable;
  /** The time zone of the solution. */
  readonly timezone: string;
  /** Names of the columns that the solution sent beyond those of the table. */
  readonly extraNames: readonly string[];
  /** The readings begin after this id. */
  readonly afterId: string;
  /** At most `limit` readings whose ids are greater than `afterId`. */
  readonly rows: (afterId: string, limit: number) => Promise<readonly CsvReading[]>;
}

export interface CsvReading {
  readonly id: string;
  /** By column name in PostgreSQL. */
  readonly values: Readonly<Record<string, LogValue>>;
  readonly extra: Readonly<Record<string, unknown>> | null;
}

/** Rows in memory at a time. */
const batchSize = 2000;

/** The readings as CSV, in pieces. The first piece is the header row. */
export async function* logCsv(
  { table, timezone, extraNames, afterId, rows }: CsvReadings,
  { limit, areExact, isForExcel }: CsvOptions,
): AsyncGenerator<string> {
  const textOf = areExact && !isForExcel ? (text: string) => text : spreadsheetText;
  const valueOf = isForExcel ? excelValues(timezone) : formatLogValue;
  const delimiter = isForExcel ? ';' : ',';
  const header = ['Id', ...table.columns.map(({ name }) => name), ...extraNames.map(textOf)];
  yield (isForExcel ? byteOrderMark : '') + formatCsv(header, [], delimiter);
  let after = afterId;
  for (let left = limit; left > 0;) {
    const size = Math.min(batchSize, left);
    const read = await rows(after, size);
    const [first, ...others] = read.map((row) => csvRow(table, extraNames, row, { textOf, valueOf }));
    if (first !== undefined) yield formatCsv(first, others, delimiter);
    if (read.length < size) return;
    after = read.at(-1)?.id ?? after;
    left -= size;
  }
}

interface CellWriting {
  readonly textOf: (text: string) => string;
  readonly valueOf: typeof formatLogValue;
}

/** Without it, Excel reads UTF-8 as the code page of the country. */
const byteOrderMark = '\uFEFF';

/** Writes numbers and times as a French Excel reads them. */
function excelValues(timezone: string): typeof formatLogValue {
  const onClock = excelClock(timezone);
  return (column, value) => {
    if (value instanceof Date && column.type !== 'date') return onClock(value);
    if (typeof value === 'number') return String(value).replace('.', ',');
    if (typeof value === 'boolean') return value ? '1' : '0';
    return formatLogValue(column, value);
  };
}

/** e.g. `2026-11-20 07:31:00`, which Excel knows in every language. */
function excelClock(timeZone: string): (time: Date) => string {
  const parts = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return (time) => parts.format(time);
}

function csvRow(
  table: LogTable,
  extraNames: readonly string[],
  row: CsvReading,
  { textOf, valueOf }: CellWriting,
): string[] {
  return [
    row.id,
    ...table.columns.map((column) => {
      const written = valueOf(column, row.values[column.column] ?? null);
      return column.type === 'text' ? textOf(written) : written;
    }),
    ...extraNames.map((name) => textOf(extraText(row.extra?.[name]))),
  ];
}

function extraText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
