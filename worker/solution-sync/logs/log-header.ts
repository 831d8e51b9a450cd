import type { LogColumn, LogTable } from '../../../shared/catalog/log-tables';
import { quotable, type Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import { decodeText } from '../../../shared/formats/csv-cell';
import type { CsvRows } from '../../../shared/formats/csv-rows';
import { keepable } from '../package/kept-text';

/** The header row of a log file: which cell contains which column. */
export interface LogHeader {
  /** As it was sent. */
  readonly raw: string;
  /** The part of the header that is stored with refused rows. */
  readonly kept: string;
  readonly cellCount: number;
  readonly idCell: number;
  /** The columns of the table, in its order, each with its cell, or null if the file does not have it. */
  readonly declared: readonly { readonly column: LogColumn; readonly cell: number | null }[];
  /** Columns that the table does not declare, by their names as sent; in the order in which jsonb keeps them. */
  readonly undeclared: readonly { readonly name: string; readonly cell: number }[];
}

/** Why no row of the file can be read. */
export interface HeaderFault {
  readonly code: 'bad-header' | 'no-id-column' | 'duplicate-column' | 'too-many-columns';
  readonly reason: string;
  readonly why: Reason;
  readonly raw: string;
}

export const MAX_COLUMNS = 1000;

/** Reads the current row as a header row. Names compare without case. */
export function readLogHeader(row: CsvRows, table: LogTable): LogHeader | HeaderFault {
  const raw = decodeText(row.bytes.subarray(row.start, row.end));
  const fault = (code: HeaderFault['code'], why: Reason): HeaderFault => ({ code, ...because(why), raw });
  if (row.fault !== null)
    return fault('bad-header', { code: 'header-unreadable', values: { fault: row.fault } });
  if (row.cellCount > MAX_COLUMNS)
    return fault('bad-header', { code: 'too-many-columns', values: { most: MAX_COLUMNS } });
  if (/\r(?!\n)/.test(raw)) return fault('bad-header', { code: 'rows-end-with-cr', values: {} });
  if (raw.includes('\0')) return fault('bad-header', { code: 'header-with-nul', values: {} });

  const names = cellTexts(row);
  // A delimiter after the last name makes no column.
  if (names.length > 1 && names.at(-1) === '') names.pop();
  const lowerNames = names.map((name) => name.toLowerCase());
  const duplicate = lowerNames.find((name, cell) => lowerNames.indexOf(name) !== cell);
  if (duplicate !== undefined)
    return fault('duplicate-column', { code: 'column-twice', values: { column: quotable(duplicate) } });
  const idCell = lowerNames.indexOf('id');
  if (idCell === -1) return fault('no-id-column', { code: 'no-id-column', values: {} });

  const cellOf = (name: string) => lowerNames.indexOf(name.toLowerCase());
  const declared = table.columns.map((column) => {
    const cell = cellOf(column.name);
    return { column, cell: cell === -1 ? null : cell };
  });
  const known = new Set([idCell, ...declared.map(({ cell }) => cell)]);
  const undeclared = names
    .map((name, cell) => ({ name, cell }))
    .filter(({ cell }) => !known.has(cell))
    .sort((a, b) => compareJsonbKeys(Buffer.from(a.name), Buffer.from(b.name)));
  return { raw, kept: keepable(raw), cellCount: names.length, idCell, declared, undeclared };
}

function cellTexts(row: CsvRows): string[] {
  return Array.from({ length: row.cellCount }, (_, cell) => {
    const text = decodeText(row.bytes.subarray(row.cellStart[cell], row.cellEnd[cell])).trim();
    return row.cellEscaped[cell] === 1 ? text.replaceAll('""', '"') : text;
  });
}

const compareJsonbKeys = (a: Buffer, b: Buffer): number => a.length - b.length || a.compare(b);
