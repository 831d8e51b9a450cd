import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../shared/embedded/free-port';
import type { BenchResult } from './result';

/** The embedded default, from nothing to `/readyz`; then the same data folder once more. */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-start-'));
  await chmod(folder, 0o755);
  try {
    const first = await secondsToReady(folder);
    const again = await secondsToReady(folder);
    return [
      {
        name: 'first start to ready',
        ratio: first / 5,
        target: '≤ 1.0 × 5 s',
        lines: [`${first.toFixed(2)} s`],
      },
      {
        name: 'later start to ready',
        ratio: again / 5,
        target: '≤ 1.0 × 5 s',
        lines: [`${again.toFixed(2)} s`],
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function secondsToReady(dataDir: string): Promise<number> {
  const port = await freePort();
  const startedAt = process.hrtime.bigint();
  const server = spawn(process.execPath, [path.resolve(__dirname, '../epack.js'), 'start'], {
    env: {
      ...process.env,
      EPACK_DATA_DIR: dataDir,
      PORT: String(port),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    while (!(await isReady(port))) {
      if (server.exitCode !== null) throw new Error('the server ended');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return Number(process.hrtime.bigint() - startedAt) / 1e9;
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}
