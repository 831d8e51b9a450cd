import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startBenchServer } from './bench-server';
import { findServerProcess } from './process-memory';
import { median } from './median';
import type { BenchResult } from './result';
import { finishSync, postArchive } from './sync-calls';

const rows = 300_000;

/** `kill -9` of the worker in the middle of a job: from the kill until another worker has the job in hand. */
export async function run(): Promise<BenchResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-restart-'));
  const server = await startBenchServer();
  try {
    const waits: number[] = [];
    for (let round = 0; round < 3; round++) {
      await postArchive(server, 'sondes', await archiveOf(folder, round));
      await until(async () => (await attempts(server)) === 1);
      process.kill((await findServerProcess('worker')).pid, 'SIGKILL');
      const killedAt = Date.now();
      await until(async () => (await attempts(server)) === 2);
      waits.push((Date.now() - killedAt) / 1000);
      await finishSync(server, 'sondes');
    }
    return {
      name: 'kill -9 of a worker, its job runs again',
      ratio: Math.max(...waits) / 10,
      target: '≤ 1.0 × 10 s',
      lines: [`median ${median(waits).toFixed(1)} s, worst ${Math.max(...waits).toFixed(1)} s`],
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function attempts({ url, token }: { url: string; token: string }): Promise<number> {
  const response = await fetch(`${url}/v4/sondes/sync`, { headers: { Authorization: `Bearer ${token}` } });
  return ((await response.json()) as { attempts: number }).attempts;
}

async function archiveOf(folder: string, round: number): Promise<string> {
  const root = path.join(folder, String(round));
  await mkdir(path.join(root, 'csv'), { recursive: true });
  const lines = Array.from(
    { length: rows },
    (_, index) => `${round * rows + index + 1},P1,2026-01-01T00:00:00Z,3.5`,
  );
  await writeFile(
    path.join(root, 'csv', 'Tbsondes.csv'),
    `Id,ProbeId,MeasuredAt,Temperature\n${lines.join('\n')}\n`,
  );
  await promisify(execFile)('zip', ['-q', '-r', '../upload-' + String(round) + '.zip', '.'], { cwd: root });
  return path.join(folder, `upload-${round}.zip`);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
