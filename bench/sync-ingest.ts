import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Db, openDatabase } from '../shared/db/database';
import { type BenchServer, startBenchServer } from './bench-server';
import { checkpoint, copyWithPsql } from './copy-limit';
import { median } from './median';
import { writeProbeFiles } from './probe-files';
import { findServerProcess } from './process-memory';
import type { BenchResult } from './result';
import { finishSync, postArchive, waitForPackage } from './sync-calls';

const rows = 1_000_000;
const rounds = 4;

/**
 * A clean upload of a million probe readings through the whole server, from the job being claimed to status 2, against
 * `unzip -p | psql \copy` of the same archive into a table with the same columns and key. In turns.
 */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-sync-'));
  const server = await startBenchServer();
  const db = openDatabase({ url: server.databaseUrl, maxConnections: 1, applicationName: 'epack-bench' });
  try {
    const { zip } = await writeProbeFiles(folder, rows);
    await db.raw('create table copy_limit (like tbsondes including all)');
    await db.raw('alter table copy_limit alter column solution_id set default 1');
    const limit: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await settle(db);
      limit.push(await copyWithPsql(server.databaseUrl, zip));
      await settle(db);
      ours.push(await syncWith(server, db, zip, round));
    }
    const peak = await (await findServerProcess('worker')).peakBytes();
    return {
      name: 'sync of 1,000,000 new rows, job claimed to status 2',
      ratio: median(ours.slice(1).map((seconds, round) => seconds / (limit[round + 1] ?? NaN))),
      target: '≤ 1.0 × unzip | copy',
      lines: [
        `ours ${median(ours.slice(1)).toFixed(2)} s, limit ${median(limit.slice(1)).toFixed(2)} s`,
        `peak memory of the worker ${(peak / 1e6).toFixed(0)} MB`,
      ],
    };
  } finally {
    await db.destroy();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Pending writes of earlier rounds must not slow down this one. */
async function settle(db: Db): Promise<void> {
  await db.raw('truncate copy_limit');
  await checkpoint(db);
}

/** Each round is another solution's first upload. */
async function syncWith(server: BenchServer, db: Db, zip: string, round: number): Promise<number> {
  const sender = { url: server.url, token: await server.enrol(`bench-${round}@example.org`) };
  await postArchive(sender, 'sondes', zip);
  await waitForPackage(sender, 'sondes');
  const readyAt = Date.now();
  const [sync] = await db<{ processing_at: Date }>('sync')
    .orderBy('received_at', 'desc')
    .limit(1)
    .select('processing_at');
  if ((await finishSync(sender, 'sondes')) !== 'processed') throw new Error('the sync failed');
  return (readyAt - (sync?.processing_at.getTime() ?? NaN)) / 1000;
}
