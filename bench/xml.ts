import { execFile, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { findParameterClass } from '../shared/catalog/parameter-classes';
import { createDiskFileStore } from '../shared/files/disk-file-store';
import { readEntityBatches } from '../shared/formats/xml-reader';
import { writeEntities, type WrittenEntity } from '../shared/formats/xml-writer';
import { median } from './median';
import type { BenchResult } from './result';

const execute = promisify(execFile);

export interface XmlBenchOptions {
  readonly megabytes?: number;
  readonly rounds?: number;
}

/**
 * Reading the entities of a large `Fridges.xml`, against `xmllint --stream` of the same file: in turns, medians. Ours
 * runs in a process of its own, so that its memory is that of reading alone. Needs `xmllint`.
 */
export async function run(options: XmlBenchOptions = {}): Promise<BenchResult> {
  const { megabytes = 20, rounds = 5 } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-xml-'));
  try {
    const file = path.join(folder, 'Fridges.xml');
    await pipeline(Readable.from(fridgesFile(megabytes * 1e6)), createWriteStream(file));
    return await compare(file, rounds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(file: string, rounds: number): Promise<BenchResult> {
  const limits: number[] = [];
  const ours: Reading[] = [];
  for (let round = 0; round < rounds; round++) {
    limits.push(await readByXmllint(file));
    ours.push(await readInChild(file));
  }
  const megabytes = (await stat(file)).size / 1e6;
  const limit = median(limits);
  const own = median(ours.map(({ milliseconds }) => milliseconds));
  const speed = (milliseconds: number) => `${((megabytes / milliseconds) * 1000).toFixed(0)} MB/s`;
  const peak = Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes));
  return {
    name: `read ${megabytes.toFixed(0)} MB of parameters`,
    ratio: limit / own,
    target: '≥ 0.4 × xmllint',
    lines: [
      `ours ${speed(own)}, xmllint --stream ${speed(limit)}`,
      `${ours[0]?.entities ?? 0} entities`,
      `peak memory ${peak.toFixed(0)} MB (target ≤ 80)`,
    ],
  };
}

async function readByXmllint(file: string): Promise<number> {
  const started = performance.now();
  await execute('xmllint', ['--stream', '--noout', file]);
  return performance.now() - started;
}

interface Reading {
  readonly milliseconds: number;
  readonly entities: number;
  readonly peakMegabytes: number;
}

/** The start of the process is not counted. */
function readInChild(file: string): Promise<Reading> {
  return new Promise<Reading>((resolve, reject) => {
    const child = fork(__filename, ['read', file]);
    child.once('message', (message) => resolve(message as Reading));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`reading ended with ${code}`)));
  });
}

async function read(file: string): Promise<Reading> {
  const store = createDiskFileStore(path.dirname(file));
  const started = performance.now();
  let entities = 0;
  for await (const batch of readEntityBatches(await store.read(path.basename(file)))) {
    const problem = batch.find(({ kind }) => kind === 'problem');
    if (problem !== undefined) throw new Error(problem.raw);
    entities += batch.length;
  }
  const milliseconds = performance.now() - started;
  return { milliseconds, entities, peakMegabytes: process.resourceUsage().maxRSS / 1024 };
}

function* fridgesFile(bytes: number): Generator<string> {
  const fridges = findParameterClass('Fridges');
  if (fridges === undefined) throw new Error('no class Fridges');
  const bytesPerEntity = 405;
  yield* writeEntities(fridges, entities(Math.ceil(bytes / bytesPerEntity)));
}

function* entities(count: number): Generator<WrittenEntity> {
  for (let index = 0; index < count; index++) {
    yield {
      id: String(1_532_500_000_000 + index),
      idServer: String(index),
      ts: '2026-11-20 07:31:00',
      isActive: true,
      fields: {
        Name: `Chambre réfrigérée n° ${index} <A & B>`,
        Type: 'positive',
        TempMin: 0,
        TempMax: 4,
        ProbeId: `probe-${index}`,
        AlertDelayMinutes: 30,
        SignalLossMinutes: 720,
        Emplacement: 'rez-de-chaussée',
      },
    };
  }
}

if (require.main === module && process.argv[2] === 'read') {
  const [, , , file = ''] = process.argv;
  void read(file).then((reading) => process.send?.(reading));
}
