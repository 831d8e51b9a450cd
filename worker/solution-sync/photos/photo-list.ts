import { findLogTable } from '../../../shared/catalog/log-tables';
import type { RefusalCode } from '../../../shared/domain/refusal';
import { decodeText } from '../../../shared/formats/csv-cell';
import { detectDelimiter } from '../../../shared/formats/csv-delimiter';
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
  readonly problem: string;
}

interface BadLine {
  readonly line: number;
  readonly code: RefusalCode;
  readonly reason: string;
  readonly raw: string;
}

/** Null: the file is empty. */
async function readHeader(source: CsvSource): Promise<ListHeader | HeaderProblem | null> {
  const { rows } = source;
  let line = rows.peekLine();
  while (line === null && (await source.pull())) line = rows.peekLine();
  if (line === null) return null;
  rows.useDelimiter(detectDelimiter(decodeText(line)).charCodeAt(0));
  let isRead = rows.next();
  while (!isRead && (await source.pull())) isRead = rows.next();
  return isRead ? headerOf(rows) : null;
}

function headerOf(row: CsvRows): ListHeader | HeaderProblem {
  const raw = rawOf(row);
  if (row.fault !== null) return { raw, problem: `The header row cannot be read: ${row.fault}.` };
  const names = Array.from({ length: Math.min(row.cellCount, maxCells) }, (_, cell) =>
    textOf(row, cell).toLowerCase(),
  );
  // A delimiter after the last name makes no column.
  if (names.length > 1 && names.at(-1) === '') names.pop();
  const name = names.indexOf('name');
  if (name === -1) return { raw, problem: 'The file has no column Name.' };
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

type Refusal = Pick<BadLine, 'code' | 'reason'>;

function noteOf(row: CsvRows, header: ListHeader, timezone: string): PhotoNote | Refusal {
  if (row.fault !== null) return { code: row.fault, reason: 'The line cannot be split into cells.' };
  const hasOneEmptyMore = row.cellCount === header.cellCount + 1 && textOf(row, header.cellCount) === '';
  if (row.cellCount !== header.cellCount && !hasOneEmptyMore) {
    const reason = `The line has ${row.cellCount} cells, its header ${header.cellCount}.`;
    return { code: 'wrong-cell-count', reason };
  }
  const name = textOf(row, header.name).normalize('NFC');
  if (name === '' || name.includes('\0') || name.length > maxNameLength)
    return badValue('Name is not the name of a photo.');
  const takenAt = timeOf(textOf(row, header.takenAt), timezone);
  if (takenAt === 'bad') return badValue('TakenAt is no time.');
  const link = linkOf(textOf(row, header.table), textOf(row, header.logId));
  return typeof link === 'string' ? badValue(link) : { name, takenAt, ...link };
}

/** As long as a name may be in an archive. */
const maxNameLength = 1024;

const badValue = (reason: string): Refusal => ({ code: 'bad-value', reason });

function timeOf(written: string, timezone: string): Date | null | 'bad' {
  return written === '' || isUnsetTime(written) ? null : (readInstant(written, timezone) ?? 'bad');
}

/** Both or neither. A sentence: why it is none. */
function linkOf(table: string, logId: string): Pick<PhotoNote, 'tableName' | 'logId'> | string {
  if (table === '' && logId === '') return { tableName: null, logId: null };
  const found = findLogTable(table);
  if (found === undefined) return 'Table is no log table.';
  if (!/^\d{1,18}$/.test(logId)) return 'LogId is no Id of a log row.';
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
    reason: problem,
    header,
    raw,
  },
});

const rejectedLine = ({ name: file }: PackageFile, { raw: header }: ListHeader, bad: BadLine) => ({
  kind: 'row' as const,
  ...{ subject, file, rowId: null, header, ...bad },
});
