import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startBenchServer } from './bench-server';
import { findServerProcess } from './process-memory';
import type { BenchResult } from './result';
import { finishSync, postArchive } from './sync-calls';

const execute = promisify(execFile);

/** Peak memory of API and worker, each in a fresh server: after an upload of 1 MB, and after one of 1 GB. */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-memory-'));
  try {
    const small = await peaks(await archiveOf(folder, 'small', 0, 20_000));
    const large = await peaks(await archiveOf(folder, 'large', 700, 6_000_000));
    return (['api', 'worker'] as const).map((name) => ({
      name: `memory of ${name}, 1 GB against 1 MB`,
      ratio: (large[name] - small[name]) / 30e6,
      target: '≤ 1.0 × 30 MB more',
      lines: [`${(small[name] / 1e6).toFixed(0)} MB, ${(large[name] / 1e6).toFixed(0)} MB`],
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function peaks(archive: string): Promise<{ api: number; worker: number }> {
  const server = await startBenchServer({
    EPACK_MAX_ARCHIVE_BYTES: String(2 ** 31),
    EPACK_MAX_UNPACKED_BYTES: String(2 ** 32),
  });
  try {
    const [api, worker] = [await findServerProcess('api'), await findServerProcess('worker')];
    await postArchive(server, 'sondes', archive);
    const outcome = await finishSync(server, 'sondes');
    if (outcome !== 'processed') throw new Error(outcome);
    return { api: await api.peakBytes(), worker: await worker.peakBytes() };
  } finally {
    await server.stop();
  }
}

/**
 * Probe readings, and ballast that does not compress; stored without compression, so that the archive is as large as
 * its content.
 */
async function archiveOf(
  folder: string,
  name: string,
  ballastMegabytes: number,
  rows: number,
): Promise<string> {
  const root = path.join(folder, name);
  await mkdir(path.join(root, 'csv'), { recursive: true });
  await write(path.join(root, 'csv', 'Tbsondes.csv'), readings(rows));
  if (ballastMegabytes > 0) await write(path.join(root, 'ballast.bin'), ballast(ballastMegabytes));
  const archive = path.join(folder, `${name}.zip`);
  await execute('zip', ['-q', '-0', '-r', archive, '.'], { cwd: root });
  await rm(root, { recursive: true });
  return archive;
}

function* readings(rows: number): Generator<string> {
  yield 'Id,ProbeId,MeasuredAt,Temperature,Humidity,BatteryPercent,SignalDbm,Sequence\n';
  for (let id = 1; id <= rows; id += 1000) {
    let block = '';
    for (let row = id; row < id + 1000; row++) {
      const at = new Date(Date.UTC(2025, 0, 1) + row * 15_000).toISOString();
      block += `${row},P${row % 20},${at},${(row % 80) / 10},${50 + (row % 40)},${row % 100},-${40 + (row % 60)},${row % 65536}\n`;
    }
    yield block;
  }
}

function* ballast(megabytes: number): Generator<Buffer> {
  for (let megabyte = 0; megabyte < megabytes; megabyte++) yield randomBytes(1_000_000);
}

async function write(file: string, pieces: Iterable<string | Buffer>): Promise<void> {
  const stream = createWriteStream(file);
  for (const piece of pieces) {
    if (!stream.write(piece)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}
