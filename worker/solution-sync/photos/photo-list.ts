import { findLogTable } from '../../../shared/catalog/log-tables';
import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { RefusalCode } from '../../../shared/domain/refusal';
import { decodeText } from '../../../shared/formats/csv-cell';
import { readHeaderRow } from '../../../shared/formats/csv-header';
import { CsvRows } from '../../../shared/formats/csv-rows';
import { createCsvSource, type CsvSource } from '../../../shared/formats/csv-source';
import { isUnsetTime } from '../../../shared/formats/unset-time';
import { readInstant } from '../../../shared/formats/read-instant';
import type { PhotoNote } from '../../../shared/stores/photos/photo-store';
import { keptTextOf } from '../package/kept-text';
import type { PackageFile } from '../package/package-files';
import type { Reject } from '../package/rejections';

/**
 * Reads `csv/Photos.csv` (`Name,TakenAt,Table,LogId`), as every CSV is read, in batches in which each photo is named once.
 * A line that cannot be read is rejected, and only that line.
 */
export async function* readPhotoList(
  file: PackageFile,
  timezone: string,
  reject: Reject,
): AsyncGenerator<readonly PhotoNote[]> {
  const rows = new CsvRows({ maxRowBytes, maxCells });
  const source = createCsvSource(await file.open(), rows);
  try {
    const header = await readHeader(source);
    if (header === null) return;
    if ('problem' in header) await reject(rejectedFile(file, header, await keptTextOf(file)));
    else yield* readNotes(source, header, timezone, (line) => reject(rejectedLine(file, header, line)));
  } finally {
    source.close();
  }
}

const maxRowBytes = 64 * 1024;
const maxCells = 100;
const batchSize = 2_000;

/** The cells that hold something; -1: there is no such column. */
interface ListHeader {
  readonly raw: string;
  readonly cellCount: number;
  readonly name: number;
  readonly takenAt: number;
  readonly table: number;
  readonly logId: number;
}

interface HeaderProblem {
  readonly raw: string;
  readonly problem: Reason;
}

interface BadLine {
  readonly line: number;
  readonly code: RefusalCode;
  readonly reason: string;
  readonly why: Reason;
  readonly raw: string;
}

/** Null: the file is empty. */
async function readHeader(source: CsvSource): Promise<ListHeader | HeaderProblem | null> {
  return (await readHeaderRow(source)) ? headerOf(source.rows) : null;
}

function headerOf(row: CsvRows): ListHeader | HeaderProblem {
  const raw = rawOf(row);
  if (row.fault !== null)
    return { raw, problem: { code: 'header-unreadable', values: { fault: row.fault } } };
  const names = Array.from({ length: Math.min(row.cellCount, maxCells) }, (_, cell) =>
    textOf(row, cell).toLowerCase(),
  );
  // A delimiter after the last name makes no column.
  if (names.length > 1 && names.at(-1) === '') names.pop();
  const name = names.indexOf('name');
  if (name === -1) return { raw, problem: { code: 'no-name-column', values: {} } };
  const [takenAt, table, logId] = ['takenat', 'table', 'logid'].map((wanted) => names.indexOf(wanted));
  return {
    ...{ raw, cellCount: names.length, name },
    ...{ takenAt: takenAt ?? -1, table: table ?? -1, logId: logId ?? -1 },
  };
}

async function* readNotes(
  source: CsvSource,
  header: ListHeader,
  timezone: string,
  refuse: (line: BadLine) => Promise<void>,
): AsyncGenerator<readonly PhotoNote[]> {
  const { rows } = source;
  let notes = new Map<string, PhotoNote>();
  do {
    while (rows.next()) {
      const note = noteOf(rows, header, timezone);
      if ('code' in note) await refuse({ ...note, line: rows.line, raw: rawOf(rows) });
      else notes.set(note.name.toLowerCase(), note);
      if (notes.size < batchSize) continue;
      yield [...notes.values()];
      notes = new Map();
    }
  } while (await source.pull());
  if (notes.size > 0) yield [...notes.values()];
}

type Refusal = Pick<BadLine, 'code' | 'reason' | 'why'>;

function noteOf(row: CsvRows, header: ListHeader, timezone: string): PhotoNote | Refusal {
  if (row.fault !== null) return { code: row.fault, ...because({ code: 'photo-line-unsplit', values: {} }) };
  const hasOneEmptyMore = row.cellCount === header.cellCount + 1 && textOf(row, header.cellCount) === '';
  if (row.cellCount !== header.cellCount && !hasOneEmptyMore) {
    const count = { cells: row.cellCount, expected: header.cellCount };
    return { code: 'wrong-cell-count', ...because({ code: 'photo-line-cell-count', values: count }) };
  }
  const name = textOf(row, header.name).normalize('NFC');
  if (name === '' || name.includes('\0') || name.length > maxNameLength) return badValue('photo-name-wrong');
  const takenAt = timeOf(textOf(row, header.takenAt), timezone);
  if (takenAt === 'bad') return badValue('photo-time-wrong');
  const link = linkOf(textOf(row, header.table), textOf(row, header.logId));
  return typeof link === 'string' ? badValue(link) : { name, takenAt, ...link };
}

/** As long as a name may be in an archive. */
const maxNameLength = 1024;

const badValue = (code: NoteFault): Refusal => ({ code: 'bad-value', ...because({ code, values: {} }) });

type NoteFault = 'photo-name-wrong' | 'photo-time-wrong' | 'photo-table-wrong' | 'photo-row-wrong';

function timeOf(written: string, timezone: string): Date | null | 'bad' {
  return written === '' || isUnsetTime(written) ? null : (readInstant(written, timezone) ?? 'bad');
}

/** Both or neither. A code: why it is none. */
function linkOf(table: string, logId: string): Pick<PhotoNote, 'tableName' | 'logId'> | NoteFault {
  if (table === '' && logId === '') return { tableName: null, logId: null };
  const found = findLogTable(table);
  if (found === undefined) return 'photo-table-wrong';
  if (!/^\d{1,18}$/.test(logId)) return 'photo-row-wrong';
  return { tableName: found.name, logId: String(BigInt(logId)) };
}

/** Empty for a column that is not there. */
function textOf(row: CsvRows, cell: number): string {
  if (cell === -1) return '';
  const text = decodeText(row.bytes.subarray(row.cellStart[cell], row.cellEnd[cell])).trim();
  return row.cellEscaped[cell] === 1 ? text.replaceAll('""', '"') : text;
}

/** PostgreSQL takes no NUL in a text; its symbol shows where one was. */
const rawOf = (row: CsvRows): string =>
  decodeText(row.bytes.subarray(row.start, row.end)).replaceAll('\0', '\u2400');

const subject = 'Photos';

const rejectedFile = ({ name: file }: PackageFile, { raw: header, problem }: HeaderProblem, raw: string) => ({
  kind: 'file' as const,
  ...{
    subject,
    file,
    line: null,
    rowId: null,
    code: 'bad-header' as const,
    ...because(problem),
    header,
    raw,
  },
});

const rejectedLine = ({ name: file }: PackageFile, { raw: header }: ListHeader, bad: BadLine) => ({
  kind: 'row' as const,
  ...{ subject, file, rowId: null, header, ...bad },
});
