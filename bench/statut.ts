import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { startBenchServer } from './bench-server';
import { median } from './median';
import type { BenchResult } from './result';

const rounds = 5;
const seconds = 2;

/**
 * Status polls a second, against a bare node:http server that answers a constant; in turn, so that noise affects both.
 */
export async function run(): Promise<BenchResult> {
  const server = await startBenchServer();
  const bare = spawn(process.execPath, [path.join(__dirname, 'bare-server.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = (await once(bare.stdout, 'data')) as [Buffer];
    const barePort = Number(said.toString());
    const pairs: { ours: number; bare: number }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const pair = { bare: await load(barePort, server.token), ours: await load(server.port, server.token) };
      // The first round only warms up both.
      if (round > 0) pairs.push(pair);
    }
    const ratio = median(pairs.map((pair) => pair.ours / pair.bare));
    return {
      name: 'status poll',
      ratio,
      target: '≥ 0.8 × bare node:http',
      lines: [
        `ours ${Math.round(median(pairs.map((pair) => pair.ours)))}/s, bare ${Math.round(median(pairs.map((pair) => pair.bare)))}/s`,
      ],
    };
  } finally {
    bare.kill();
    await server.stop();
  }
}

async function load(port: number, token: string): Promise<number> {
  const args = [
    path.join(__dirname, 'poll-load.js'),
    String(port),
    '/v4/synchro/statut',
    token,
    String(seconds),
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout);
}
