import { execFile, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { unpackArchive, type UnpackLimits } from '../shared/archive/unpack';
import { zipStream, type ZipEntry } from '../shared/archive/zip-writer';
import { createDiskFileStore } from '../shared/files/disk-file-store';
import type { FileStore } from '../shared/files/file-store';
import { median } from './median';
import type { BenchResult } from './result';

const execute = promisify(execFile);

export interface UnpackBenchOptions {
  /** The unpacked size of the large archive. */
  readonly unpackedMegabytes?: number;
  readonly rounds?: number;
}

/**
 * Unpacking an archive of readings and photos, CRC checked, against `unzip` of the same: in turns, medians. As in
 * production, with every file and folder synced; and also without, to see what syncing costs.
 */
export async function run(options: UnpackBenchOptions = {}): Promise<readonly BenchResult[]> {
  const { unpackedMegabytes = 340, rounds = 5 } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-bench-unpack-'));
  try {
    await writeArchive(path.join(folder, 'large.zip'), largePackage(unpackedMegabytes));
    await writeArchive(path.join(folder, 'small.zip'), smallPackage());
    return [await large(folder, rounds), await small(folder, rounds * 10)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function large(folder: string, rounds: number): Promise<BenchResult> {
  const unzip: number[] = [];
  const unzipAndSync: number[] = [];
  const durable: Unpacking[] = [];
  const unsynced: Unpacking[] = [];
  for (let round = 0; round < rounds; round++) {
    unzip.push(await unzipped(folder, 'unzip -q "$0" -d "$1"'));
    durable.push(await unpackedInChild(folder, 'durable'));
    unsynced.push(await unpackedInChild(folder, 'unsynced'));
    unzipAndSync.push(await unzipped(folder, 'unzip -q "$0" -d "$1" && sync -f "$1"'));
  }
  const limit = median(unzip);
  const ours = median(durable.map(({ milliseconds }) => milliseconds));
  const oursUnsynced = median(unsynced.map(({ milliseconds }) => milliseconds));
  const peak = Math.max(...durable.map(({ peakMegabytes }) => peakMegabytes));
  return {
    name: 'unpack, CRC checked, durable',
    ratio: ours / limit,
    target: '≤ 0.8 × unzip',
    lines: [
      `ours ${ours.toFixed(0)} ms, unzip ${limit.toFixed(0)} ms`,
      `without fsync ${oursUnsynced.toFixed(0)} ms (${(oursUnsynced / limit).toFixed(2)})`,
      `unzip and sync ${median(unzipAndSync).toFixed(0)} ms`,
      `peak memory ${peak.toFixed(0)} MB (target ≤ 130)`,
    ],
  };
}

/** The cost of every ordinary sync: here the limit is the same code on a store that syncs nothing. */
async function small(folder: string, rounds: number): Promise<BenchResult> {
  const times: Record<Durability, number[]> = { durable: [], unsynced: [] };
  const stores = { durable: storeIn(folder, 'durable'), unsynced: storeIn(folder, 'unsynced') };
  for (let round = 0; round < rounds; round++) {
    for (const durability of ['durable', 'unsynced'] as const) {
      times[durability].push(await unpack(stores[durability], 'small.zip', `small/${round}-${durability}`));
    }
  }
  const [durable, unsynced] = [median(times.durable), median(times.unsynced)];
  return {
    name: 'unpack a package of ten small files, durable',
    ratio: durable / unsynced,
    target: 'none: what fsync costs',
    lines: [`${durable.toFixed(1)} ms, without fsync ${unsynced.toFixed(1)} ms`],
  };
}

async function unzipped(folder: string, command: string): Promise<number> {
  const target = path.join(folder, 'unzipped');
  await execute('sync', []);
  const started = performance.now();
  await execute('sh', ['-c', command, path.join(folder, 'large.zip'), target]);
  const milliseconds = performance.now() - started;
  await rm(target, { recursive: true });
  return milliseconds;
}

type Durability = 'durable' | 'unsynced';

interface Unpacking {
  readonly milliseconds: number;
  readonly peakMegabytes: number;
}

/** In a process of its own, so that its memory is that of unpacking alone; its start is not counted. */
async function unpackedInChild(folder: string, durability: Durability): Promise<Unpacking> {
  await execute('sync', []);
  const unpacking = await new Promise<Unpacking>((resolve, reject) => {
    const child = fork(__filename, ['unpack', folder, durability]);
    child.once('message', (message) => resolve(message as Unpacking));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`unpacking ended with ${code}`)));
  });
  await rm(path.join(folder, 'unpacked'), { recursive: true });
  return unpacking;
}

const limits: UnpackLimits = {
  maxEntries: 10_000,
  maxUnpackedBytes: 2 ** 31,
  maxRatio: 200,
  maxArchiveRatio: 50,
};

async function unpack(store: FileStore, key: string, target: string): Promise<number> {
  const started = performance.now();
  await unpackArchive(store, { archiveKey: key, targetPrefix: target }, limits);
  return performance.now() - started;
}

function storeIn(folder: string, durability: Durability): FileStore {
  const disk = createDiskFileStore(folder);
  return durability === 'durable' ? disk : withoutSync(disk, folder);
}

function withoutSync(store: FileStore, folder: string): FileStore {
  return {
    ...store,
    startBatch: () => ({
      async write(key, content) {
        const file = path.join(folder, key);
        await mkdir(path.dirname(file), { recursive: true });
        await pipeline(content instanceof Uint8Array ? [content] : content, createWriteStream(file));
        return { key, bytes: 0 };
      },
      commit: () => Promise.resolve(),
    }),
  };
}

const writeArchive = (file: string, entries: Iterable<ZipEntry>): Promise<void> =>
  pipeline(zipStream(entries), createWriteStream(file));

/** Readings, which shrink to a quarter, and photos, which do not shrink: together to about a third. */
function* largePackage(megabytes: number): Generator<ZipEntry> {
  const tables = 6;
  const tableBytes = (megabytes * 0.91e6) / tables;
  for (let table = 0; table < tables; table++) {
    yield { name: `csv/Tb${table}.csv`, content: () => Readable.from(readings(table, tableBytes)) };
  }
  for (let photo = 0; photo < megabytes * 0.09; photo++) {
    yield { name: `photos/${photo}.jpg`, content: noise(photo, 1_000_000) };
  }
}

function* smallPackage(): Generator<ZipEntry> {
  for (let file = 0; file < 10; file++) {
    yield { name: `csv/Tb${file}.csv`, content: () => Readable.from(readings(file, 5_000)) };
  }
}

function* readings(table: number, bytes: number): Generator<string> {
  let row = 0;
  for (let written = 0; written < bytes;) {
    let lines = '';
    for (const end = row + 100; row < end; row++) lines += reading(table, row);
    written += lines.length;
    yield lines;
  }
}

function reading(table: number, row: number): string {
  const time = new Date(Date.UTC(2026, 0, 1) + row * 15_000).toISOString().slice(0, 19).replace('T', ' ');
  const temperature = (3 + Math.sin(row / 700 + table) * 2 + (hashOf(row) % 50) / 100).toFixed(2);
  const humidity = (60 + (hashOf(row + 1) % 300) / 10).toFixed(1);
  return `${row + 1},PROBE-${row % 20},${time},${temperature},${humidity},${90 + (row % 7)},${-60 - (hashOf(row) % 35)},${row % 65_536}\n`;
}

/** Scattered numbers, the same in every run. */
const hashOf = (value: number): number => Math.imul(value ^ (value >>> 7), 2_654_435_761) >>> 12;

/** Bytes that do not compress, the same in every run. */
function noise(seed: number, bytes: number): Buffer {
  return createHash('shake128', { outputLength: bytes }).update(String(seed)).digest();
}

if (require.main === module && process.argv[2] === 'unpack') {
  const [, , , folder = '', durability] = process.argv;
  const store = storeIn(folder, durability === 'unsynced' ? 'unsynced' : 'durable');
  void unpack(store, 'large.zip', 'unpacked').then((milliseconds) =>
    process.send?.({ milliseconds, peakMegabytes: process.resourceUsage().maxRSS / 1024 }),
  );
}
