import { fork } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findLogTable, type LogTable } from '../shared/catalog/log-tables';
import { type Db, inTransaction, migrate, openDatabase } from '../shared/db/database';
import { startEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import { loadLogFile } from '../worker/solution-sync/logs/load-log-file';
import { checkpoint, copyWithPsql } from './copy-limit';
import { type ProbeFiles as Files, writeProbeFiles } from './probe-files';
import type { BenchResult } from './result';

export interface IngestBenchOptions {
  /** A server on which a database may be created; it is dropped at the end. Default: an embedded one, removed at the end. */
  readonly databaseUrl?: string;
  readonly rows?: number;
  readonly rounds?: number;
}

/**
 * A clean Tbsondes.csv of a million rows (20 probes, a reading every 5 minutes) into its table, against
 * `unzip -p | psql \copy` of the same file into a table with the same columns and key. In turns; medians.
 * Needs `psql` and `unzip`.
 */
export async function run(options: IngestBenchOptions = {}): Promise<readonly BenchResult[]> {
  const { databaseUrl, rows = 1_000_000, rounds = 3 } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-'));
  await chmod(folder, 0o755);
  const embedded =
    databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: path.join(folder, 'data') }) : null;
  try {
    const files = await writeProbeFiles(folder, rows);
    const measures = await inDatabaseOfItsOwn(databaseUrl ?? embedded?.url ?? '', (db, url) =>
      measure(db, url, files, rounds),
    );
    return resultsOf(rows, measures);
  } finally {
    await embedded?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function inDatabaseOfItsOwn<T>(
  serverUrl: string,
  work: (db: Db, url: string) => Promise<T>,
): Promise<T> {
  const name = `epack_bench_${process.pid}`;
  const server = openDatabase({ url: serverUrl, maxConnections: 1, applicationName: 'epack-bench' });
  await server.raw(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const db = openDatabase({ url: url.href, maxConnections: 2, applicationName: 'epack-bench' });
  try {
    await prepareTables(db);
    return await work(db, url.href);
  } finally {
    await db.destroy();
    await server.raw(`drop database ${name} with (force)`);
    await server.destroy();
  }
}

const SOLUTION_ID = 1;

async function prepareTables(db: Db): Promise<void> {
  await migrate(db);
  await db.raw(`insert into account (name) values ('bench')`);
  await db.raw(
    `insert into solution (account_id, mail, name, secret_hash) select id, 'bench', 'bench', '-' from account`,
  );
  await db.raw('create table copy_limit (like tbsondes including all)');
  await db.raw(`alter table copy_limit alter column solution_id set default ${SOLUTION_ID}`);
}

interface Measures {
  readonly limit: number[];
  readonly fresh: Loaded[];
  readonly duplicates: Loaded[];
}

interface Loaded {
  readonly seconds: number;
  readonly peakMegabytes: number;
}

async function measure(db: Db, url: string, files: Files, rounds: number): Promise<Measures> {
  const measures: Measures = { limit: [], fresh: [], duplicates: [] };
  const limit = async () => {
    await settle(db);
    measures.limit.push(await copyWithPsql(url, files.zip));
  };
  const ours = async () => {
    await settle(db);
    measures.fresh.push(await loadInChild(url, files.csv));
    await checkpoint(db);
    measures.duplicates.push(await loadInChild(url, files.csv));
  };
  for (let round = 0; round < rounds; round++) {
    for (const turn of round % 2 === 0 ? [limit, ours] : [ours, limit]) await turn();
  }
  return measures;
}

async function settle(db: Db): Promise<void> {
  await db.raw('truncate tbsondes, copy_limit, log_mark, log_span');
  await checkpoint(db);
}

/** In a process of its own, so that its memory is that of loading alone. */
function loadInChild(url: string, csv: string): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const child = fork(__filename, ['load', url, csv]);
    child.once('message', (loaded) => resolve(loaded as Loaded));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`loading ended with ${code}`)));
  });
}

async function loadOnce(url: string, csv: string, table: LogTable): Promise<Loaded> {
  const db = openDatabase({ url, maxConnections: 1, applicationName: 'epack-bench' });
  await db.raw('select 1');
  const file = { name: 'csv/Tbsondes.csv', open: () => Promise.resolve(createReadStream(csv)) };
  const input = { solutionId: SOLUTION_ID, timezone: 'Europe/Paris', table, file };
  const started = performance.now();
  await inTransaction(db, (transaction) =>
    loadLogFile(transaction, input, (rejected) => Promise.reject(new Error(rejected.reason))),
  );
  const seconds = (performance.now() - started) / 1000;
  await db.destroy();
  return { seconds, peakMegabytes: process.resourceUsage().maxRSS / 1024 };
}

function resultsOf(rows: number, { limit, fresh, duplicates }: Measures): readonly BenchResult[] {
  const limitSeconds = median(limit);
  const speed = (seconds: number) => `${seconds.toFixed(2)} s, ${Math.round(rows / seconds / 1000)} k rows/s`;
  const result = (name: string, target: string, loads: readonly Loaded[]): BenchResult => {
    const seconds = median(loads.map((load) => load.seconds));
    const peak = Math.max(...loads.map(({ peakMegabytes }) => peakMegabytes));
    const ours = `ours ${speed(seconds)}, at most ${peak.toFixed(0)} MB (target ≤ 130)`;
    return { name, ratio: seconds / limitSeconds, target, lines: [`\\copy ${speed(limitSeconds)}`, ours] };
  };
  return [result('ingest, new rows', '≤ 1.0', fresh), result('ingest, all duplicates', '≤ 1.4', duplicates)];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

if (require.main === module && process.argv[2] === 'load') {
  const [, , , url = '', csv = ''] = process.argv;
  const table = findLogTable('Tbsondes');
  if (table === undefined) throw new Error('Tbsondes is not in the catalogue');
  void loadOnce(url, csv, table).then((loaded) => process.send?.(loaded));
}
