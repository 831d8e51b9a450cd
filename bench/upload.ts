import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { type BenchServer, startBenchServer } from './bench-server';
import { findServerProcess } from './process-memory';
import { median } from './median';
import type { BenchResult } from './result';
import { finishSync, postArchive } from './sync-calls';

const execute = promisify(execFile);
const rounds = 25;
/** Warms up until the server's code is compiled: the server is measured as after a minute of work. */
const warmUp = 5;

const crowd = 20;

/**
 * An upload of 20 MB, from its first byte to the durable response, against `cp` and `sync` of the same file; then 20 at
 * once. It is sent from memory: in Node, reading the file would take the sender a fifth of the whole time, on the
 * processors that it shares with the server.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-upload-'));
  const server = await startBenchServer();
  try {
    const file = await incompressibleArchive(folder, 20);
    const archive = await readFile(file);
    const ours: number[] = [];
    const limit: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const copy = path.join(folder, `copy-${round}`);
      limit.push(await timed(() => execute('sh', ['-c', 'cp "$0" "$1" && sync "$1"', file, copy])));
      ours.push(await timed(() => postArchive(server, 'photos', archive)));
      await finishSync(server, 'photos');
    }
    const alone = await peakOfApi();
    await uploadAtOnce(server, archive);
    const crowded = await peakOfApi();
    const [upload, copy] = [median(ours.slice(warmUp)), median(limit.slice(warmUp))];
    return [
      {
        name: 'upload of 20 MB, durable',
        ratio: upload / copy,
        target: '≤ 2.5 × cp + sync',
        lines: [
          `ours ${upload.toFixed(0)} ms, cp + sync ${copy.toFixed(0)} ms`,
          `peak memory of the API ${(alone / 1e6).toFixed(0)} MB`,
        ],
      },
      {
        name: `memory of the API, ${crowd} uploads of 20 MB at once`,
        ratio: crowded / 120e6,
        target: '≤ 1.0 × 120 MB',
        lines: [`${(crowded / 1e6).toFixed(0)} MB at its peak`],
      },
    ];
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function peakOfApi(): Promise<number> {
  return (await findServerProcess('api')).peakBytes();
}

async function uploadAtOnce(server: BenchServer, archive: Buffer): Promise<void> {
  const mails = Array.from({ length: crowd }, (_, index) => `kitchen${index}@example.org`);
  const tokens = await Promise.all(mails.map((mail) => server.enrol(mail)));
  await Promise.all(tokens.map((token) => postArchive({ url: server.url, token }, 'photos', archive)));
}

/** Photos hardly compress: random bytes, stored. */
async function incompressibleArchive(folder: string, megabytes: number): Promise<string> {
  await mkdir(path.join(folder, 'photos'));
  for (let part = 0; part < 4; part++) {
    await writeFile(path.join(folder, 'photos', `${part}.bin`), randomBytes((megabytes / 4) * 1_000_000));
  }
  const archive = path.join(folder, 'upload.zip');
  await execute('zip', ['-q', '-0', '-r', archive, 'photos'], { cwd: folder });
  return archive;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - startedAt) / 1e6;
}
