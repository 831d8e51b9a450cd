import { CsvRows } from '../../shared/formats/csv-rows';
import { badCopy } from '../solution-error';
import { piecesOfFile } from './read-file';
import { isSystemError } from './system-error';

/** The header row of a table. */
export interface TableHeader {
  readonly columns: readonly string[];
  readonly delimiter: string;
}

/** A row while it is being read. */
export interface RowAtHand {
  /** The value of the key column, e.g. `Id`. */
  readonly key: string;
  /** As it is written, without its line end. Valid until the callback returns. */
  raw(): Buffer;
  cells(): string[];
}

/**
 * Reads a CSV file row by row; memory does not grow with it. A file that does not exist has no rows.
 * @returns the header, or null if there is none. @throws SolutionError `bad-copy` if the key column is missing.
 */
export async function scanTable(
  file: string,
  keyColumn: string,
  onRow: (row: RowAtHand) => void,
): Promise<TableHeader | null> {
  let header: TableHeader | null = null;
  const look: TableChange = {
    header: (was) => was,
    row: (row) => {
      onRow(row);
      return null;
    },
  };
  for await (const found of rewriteTable(file, keyColumn, look)) {
    if (!Buffer.isBuffer(found)) header = found;
  }
  return header;
}

export interface TableChange {
  /** The header to write; it may only have gained columns at its end. */
  header(was: TableHeader): TableHeader;
  /** The new text of the row, without a line end; null: the row is removed. */
  row(row: RowAtHand): Buffer | null;
  /** The same for a row whose quotes do not close. Default: it is removed. */
  brokenRow?(raw: Buffer): Buffer;
}

/** The table as changed by `change`, piece by piece: first its header, then bytes without the header. */
export async function* rewriteTable(
  file: string,
  keyColumn: string,
  change: TableChange,
): AsyncGenerator<TableHeader | Buffer> {
  const rows = new CsvRows({ maxRowBytes: maxRowBytes, maxCells });
  let state: TableReader | null = null;
  for await (const piece of piecesOf(file)) {
    if (piece === null) rows.finish();
    else rows.push(piece);
    const out: Buffer[] = [];
    if (state === null) {
      const header = takeHeader(rows);
      if (header === null) continue;
      state = readerOf(file, rows, header, keyColumn);
      yield change.header(header);
    }
    while (rows.next()) {
      const taken = rows.fault === null ? change.row(state) : change.brokenRow?.(state.raw());
      if (taken instanceof Buffer) out.push(taken, lineEnd);
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
}

/** A header row, ready to be written. */
export function headerLine({ columns, delimiter }: TableHeader): Buffer {
  return Buffer.concat([rowOf(columns, delimiter), lineEnd]);
}

/** One row, without a line end. */
export function rowOf(cells: readonly string[], delimiter: string): Buffer {
  return Buffer.from(rowText(cells, delimiter));
}

/** The same as text. */
export function rowText(cells: readonly string[], delimiter: string): string {
  return cells
    .map((cell) => (needsQuotes.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(delimiter);
}

const needsQuotes = /[",;\r\n]|^\s|\s$/;
const lineEnd = Buffer.from('\n');
const maxRowBytes = 1024 * 1024;
const maxCells = 256;

interface TableReader extends RowAtHand {
  readonly header: TableHeader;
}

/** The file's pieces, then null for its end. */
async function* piecesOf(file: string): AsyncGenerator<Buffer | null> {
  try {
    yield* piecesOfFile(file);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  yield null;
}

/** Null: the header has not been read yet, or the file is empty. */
function takeHeader(rows: CsvRows): TableHeader | null {
  const line = rows.peekLine();
  if (line === null) return null;
  const delimiter = line.includes(';') && !line.includes(',') ? ';' : ',';
  rows.useDelimiter(delimiter.charCodeAt(0));
  return rows.next() ? { columns: cellsOf(rows), delimiter } : null;
}

function readerOf(file: string, rows: CsvRows, header: TableHeader, keyColumn: string): TableReader {
  const at = header.columns.findIndex((name) => name.toLowerCase() === keyColumn.toLowerCase());
  if (at < 0) throw badCopy(file, `it has no column ${keyColumn}`);
  return {
    header,
    get key() {
      return cellOf(rows, at);
    },
    raw: () => rows.bytes.subarray(rows.start, rows.end),
    cells: () => cellsOf(rows),
  };
}

function cellsOf(rows: CsvRows): string[] {
  return Array.from({ length: Math.min(rows.cellCount, maxCells) }, (_, cell) => cellOf(rows, cell));
}

function cellOf(rows: CsvRows, cell: number): string {
  if (cell >= rows.cellCount) return '';
  const text = rows.bytes.toString('utf8', rows.cellStart[cell], rows.cellEnd[cell]);
  return rows.cellEscaped[cell] === 1 ? text.replaceAll('""', '"') : text;
}
