import { createReadStream } from 'node:fs';
import {
  createSosyncImport,
  type ImportCounts,
  type ImportFault,
  type ImportLine,
} from '../../api/services/sosync-import';
import { CsvRows } from '../../shared/formats/csv-rows';
import { createCsvSource } from '../../shared/formats/csv-source';
import { withDatabaseNamed } from '../../shared/process/operator-errors';
import { openStoreAccess } from '../../shared/stores/store-access';
import { withDatabase } from '../administration';
import { headerFaults, oldJobFrom } from './old-job';
import { configFor, type SosyncStart } from './run-sosync';
import { readSosyncSettings } from './settings';

/** The output of the command, and whether all is well. */
export interface ImportResult {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

const linesTogether = 500;
const mostFaults = 1_000;

/**
 * `epack sosync import-jobs`: takes over the jobs of an earlier service's table. If there are mistakes, each is listed
 * with file, line and reason, and nothing is written. Called again, it adds the missing jobs.
 */
export async function importJobs(start: SosyncStart, file: string): Promise<ImportResult> {
  const settings = await readSosyncSettings(start.conf, start.parameters);
  const config = configFor(settings, start.environment);
  return withDatabase(config, async (db) => {
    const access = openStoreAccess(db);
    const jobs = createSosyncImport({ ...access, instance: settings.instance });
    const faults = await faultsOf(file, jobs);
    if (faults.length > 0) return faultReport(file, faults);
    const sums = { added: 0, open: 0, known: 0 };
    for await (const { lines } of batches(file)) add(sums, await jobs.add(lines));
    return {
      lines: [`${sums.added} jobs taken over, ${sums.open} of them open; ${sums.known} were there already`],
      isWell: true,
    };
  }).catch((error: unknown) => {
    throw withDatabaseNamed(error, config);
  });
}

async function faultsOf(
  file: string,
  jobs: Pick<ReturnType<typeof createSosyncImport>, 'check'>,
): Promise<ImportFault[]> {
  const faults: ImportFault[] = [];
  const lineOf = new Map<string, number>();
  for await (const { lines, faults: unread } of batches(file)) {
    faults.push(...unread, ...(await jobs.check(lines)));
    for (const { line, job } of lines) {
      const earlier = lineOf.get(job.job_id);
      if (earlier !== undefined)
        faults.push({ line, reason: `job_id ${job.job_id} stands in line ${earlier} as well` });
      lineOf.set(job.job_id, line);
    }
    if (faults.length >= mostFaults) break;
  }
  return faults.sort((one, other) => one.line - other.line);
}

function faultReport(file: string, faults: readonly ImportFault[]): ImportResult {
  const lines = faults.slice(0, mostFaults).map(({ line, reason }) => `${file}:${line} ${reason}`);
  return { lines: [...lines, 'Nothing was taken over.'], isWell: false };
}

function add(sums: { -readonly [name in keyof ImportCounts]: number }, more: ImportCounts): void {
  sums.added += more.added;
  sums.open += more.open;
  sums.known += more.known;
}

interface Batch {
  readonly lines: readonly ImportLine[];
  readonly faults: readonly ImportFault[];
}

/** A file, some lines at a time. */
async function* batches(file: string): AsyncGenerator<Batch> {
  let header: readonly string[] | null = null;
  let lines: ImportLine[] = [];
  let faults: ImportFault[] = [];
  for await (const row of rowsOf(file)) {
    if ('reason' in row) faults.push(row);
    else if (header === null) {
      header = row.cells.map((cell) => cell.trim());
      const wrong = headerFaults(header);
      if (wrong.length > 0) {
        yield { lines: [], faults: wrong.map((reason) => ({ line: row.line, reason })) };
        return;
      }
    } else {
      const job = oldJobFrom(header, row.cells);
      if ('reason' in job) faults.push({ line: row.line, reason: job.reason });
      else lines.push({ line: row.line, job });
    }
    if (lines.length + faults.length < linesTogether) continue;
    yield { lines, faults };
    lines = [];
    faults = [];
  }
  if (header === null) faults.push({ line: 1, reason: 'the file has no header' });
  yield { lines, faults };
}

type Row = { readonly line: number; readonly cells: readonly string[] } | ImportFault;

async function* rowsOf(file: string): AsyncGenerator<Row> {
  const rows = new CsvRows({ maxRowBytes: 4 * 1_024 * 1_024, maxCells: 200 });
  const source = createCsvSource(createReadStream(file), rows);
  try {
    while (await source.pull())
      while (rows.next())
        yield rows.fault === null
          ? { line: rows.line, cells: cellsOf(rows) }
          : { line: rows.line, reason: `cannot be read: ${rows.fault}` };
  } finally {
    source.close();
  }
}

function cellsOf(rows: CsvRows): string[] {
  return Array.from({ length: Math.min(rows.cellCount, rows.cellStart.length) }, (_, place) => {
    const text = rows.bytes.toString('utf8', rows.cellStart[place], rows.cellEnd[place]);
    return rows.cellEscaped[place] === 1 ? text.replaceAll('""', '"') : text;
  });
}
