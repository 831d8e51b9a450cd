import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { applyPairFile } from '../api/backoffice/services/pair-files';
import { type Db, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { createSeal } from '../shared/seal/seal';
import { createPairSliceJobStore } from '../shared/stores/jobs/pair-slice-job-store';
import { createPairRunRequestStore, type RunTotals } from '../shared/stores/pairs/pair-run-request-store';

import { openStoreAccess } from '../shared/stores/store-access';
import { startBenchServer } from './bench-server';
import { type ServedFolder, serveFolder } from './dav-folder';
import { findServerProcess, type ProcessMemory } from './process-memory';
import { postmasterAt, processorTimeOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';

/**
 * Two folders as a pair, through the whole server, beside rclone with copies of the same trees. `--files N` (5,000) files
 * are there on both sides, and 10 of them change; `--new N` (500) files of 10 KB are new; one file has `--large-bytes B`
 * (100,000,000). With `--webdav` the other folder is on a WebDAV server, for both; rclone cannot keep such a folder equal in
 * both directions, so only new files are compared.
 */
export async function run(options: readonly string[]): Promise<readonly BenchResult[]> {
  const { values } = parseArgs({ args: [...options], options: optionsOfDocuments });
  const root = await mkdtemp(path.join(tmpdir(), 'epack-bench-documents-'));
  const server = await startBenchServer();
  const db = openDatabase({ url: server.databaseUrl, maxConnections: 2, applicationName: 'epack-bench' });
  const trees = await makeTrees(root, Number(values.files));
  const served = values.webdav ? await serveBoth(trees) : null;
  try {
    const bench: Bench = {
      trees,
      served,
      worker: await findServerProcess('worker'),
      postgresPid: await postmasterAt(server.databaseUrl),
      runPair: await openPair(db, trees, served),
    };
    return [
      ...(served === null ? await inBothDirections(bench, Number(values.files)) : await firstRun(bench)),
      ...(await added(bench, Number(values.new))),
      ...(await large(bench, Number(values['large-bytes']))),
    ];
  } finally {
    await db.destroy();
    await served?.ours.stop();
    await served?.rclones.stop();
    await server.stop();
    await rm(root, { recursive: true, force: true });
  }
}

const optionsOfDocuments = {
  files: { type: 'string', default: '5000' },
  new: { type: 'string', default: '500' },
  'large-bytes': { type: 'string', default: '100000000' },
  webdav: { type: 'boolean', default: false },
} as const;

/** The other folders on WebDAV. */
interface Served {
  readonly ours: ServedFolder;
  readonly rclones: ServedFolder;
}

async function serveBoth({ there, rcloneThere }: Trees): Promise<Served> {
  return { ours: await serveFolder(there), rclones: await serveFolder(rcloneThere) };
}

const inBothDirections = async (bench: Bench, files: number): Promise<BenchResult[]> => [
  ...(await linked(bench, files)),
  ...(await changed(bench, files)),
];

async function firstRun({ runPair }: Bench): Promise<BenchResult[]> {
  await runPair();
  return [];
}

interface Trees {
  readonly root: string;
  readonly here: string;
  readonly there: string;
  /** The copies that rclone keeps equal. */
  readonly rcloneHere: string;
  readonly rcloneThere: string;
}

interface Bench {
  readonly trees: Trees;
  /** Null: they are folders on this machine. */
  readonly served: Served | null;
  readonly worker: ProcessMemory;
  readonly postgresPid: number;
  /** From the request for a run to its end. */
  readonly runPair: () => Promise<RunTotals>;
}

const filesPerFolder = 100;

/** Four equal trees: their files have the same times. */
async function makeTrees(root: string, files: number): Promise<Trees> {
  const below = (name: string) => path.join(root, name);
  const trees: Trees = {
    root,
    here: below('here'),
    there: below('there'),
    rcloneHere: below('rclone-here'),
    rcloneThere: below('rclone-there'),
  };
  await mkdir(trees.here);
  for (let first = 0; first < files; first += filesPerFolder) {
    await mkdir(path.join(trees.here, folderAt(first)));
    const numbers = Array.from({ length: Math.min(filesPerFolder, files - first) }, (_, at) => first + at);
    await Promise.all(
      numbers.map((number) => writeFile(path.join(trees.here, fileAt(number)), `document ${number}\n`)),
    );
  }
  for (const copy of [trees.there, trees.rcloneHere, trees.rcloneThere])
    await cp(trees.here, copy, { recursive: true, preserveTimestamps: true });
  return trees;
}

const folderAt = (number: number) => `folder ${Math.floor(number / filesPerFolder)}`;
const fileAt = (number: number) => path.join(folderAt(number), `document ${number}.txt`);

/** Returns what makes a run and waits for its end. */
async function openPair(db: Db, { here, there }: Trees, served: Served | null): Promise<Bench['runPair']> {
  const copy =
    served === null ? { kind: 'file-tree', folder: there } : { kind: 'webdav', url: served.ours.url };
  const file = {
    systems: { disk: { kind: 'file-tree', folder: here }, copy },
    pairs: {
      documents: {
        mode: 'run',
        here: { system: 'disk' },
        there: { system: 'copy' },
        // No run of its own begins meanwhile.
        find: { check: '20 4 1 1 *', whole: '20 4 1 1 *' },
        content: { compare: 'revision' },
      },
    },
  };
  // YAML takes JSON.
  const text = JSON.stringify(file);
  const applied = await applyPairFile({ ...openStoreAccess(db), seal: createSeal([]) }, commandLineCaller, {
    text,
    isTrial: false,
  });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  const pair = await db<{ id: number }>('pair').first('id');
  const pairId = pair?.id ?? 0;
  const runs = createPairRunRequestStore(db);
  return async () => {
    const id = await runs.addRun(pairId, 'check', 'bench@example.org');
    await createPairSliceJobStore(db).askFor(pairId);
    for (;;) {
      const shown = await runs.findRun(pairId, id);
      if (shown?.failure) throw new Error(shown.failure);
      if (shown?.endedAt) return shown.counts;
      await sleep(50);
    }
  };
}

/** The first run, which only links what is on both sides. */
async function linked(bench: Bench, files: number): Promise<BenchResult[]> {
  const { trees } = bench;
  const ours = await measured(bench);
  const rclone = await secondsOf(() => bisync(trees, ['--resync']));
  return [resultOf(`first run with ${files} equal files on both sides`, { ours, rclone, target: 'none' })];
}

const changes = 10;

async function changed(bench: Bench, files: number): Promise<BenchResult[]> {
  const { trees } = bench;
  for (const here of [trees.here, trees.rcloneHere])
    for (let at = 0; at < changes; at++)
      await appendFile(path.join(here, fileAt(Math.floor((at * files) / changes))), 'changed\n');
  const ours = await measured(bench);
  const rclone = await secondsOf(() => bisync(trees, []));
  if (ours.counts.updated !== changes) throw new Error(`${ours.counts.updated} were updated`);
  return [
    resultOf(`${files} files of which ${changes} changed, beside rclone bisync`, {
      ours,
      rclone,
      target: '≤ 1.0',
    }),
    {
      name: 'peak memory of the worker with them',
      ratio: ours.peakBytes / 300e6,
      target: '≤ 1.0 × 300 MB',
      lines: [`${(ours.peakBytes / 1e6).toFixed(0)} MB`],
    },
  ];
}

/** Against plain `rclone copy`, which does not wait for the disk. */
async function added(bench: Bench, count: number): Promise<BenchResult[]> {
  const { trees } = bench;
  const content = Buffer.alloc(10_000, 'document ');
  for (const here of [trees.here, trees.rcloneHere]) {
    await mkdir(path.join(here, 'new'));
    for (let number = 0; number < count; number++)
      await writeFile(path.join(here, 'new', `new ${number}.txt`), content);
  }
  const ours = await measured(bench);
  const rclone = await secondsOf(() => copy(bench));
  if (ours.counts.created < count) throw new Error(`${ours.counts.created} were created`);
  return [resultOf(`${count} new files of 10 KB, beside rclone copy`, { ours, rclone, target: '≤ 1.25' })];
}

async function large(bench: Bench, bytes: number): Promise<BenchResult[]> {
  const { trees } = bench;
  for (const here of [trees.here, trees.rcloneHere])
    await pipeline(Readable.from(piecesOf(bytes)), createWriteStream(path.join(here, 'large.bin')));
  const ours = await measured(bench);
  const rclone = await secondsOf(() => copy(bench));
  if (ours.counts.created !== 1) throw new Error('the large file was not created');
  const name = `a file of ${(bytes / 1e6).toFixed(0)} MB, beside rclone copy`;
  return [resultOf(name, { ours, rclone, target: '≤ 1.25' })];
}

function* piecesOf(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(1 << 20, 'large ');
  for (let left = bytes; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

interface Measured {
  readonly counts: RunTotals;
  readonly seconds: number;
  readonly workerSeconds: number;
  readonly postgresSeconds: number;
  readonly peakBytes: number;
}

async function measured({ worker, postgresPid, runPair }: Bench): Promise<Measured> {
  await worker.forgetPeak();
  const [workerBefore, postgresBefore] = [
    await processorTimeOf(worker.pid),
    await processorTimeOfFamily(postgresPid),
  ];
  const startedAt = performance.now();
  const counts = await runPair();
  return {
    counts,
    seconds: (performance.now() - startedAt) / 1000,
    workerSeconds: ((await processorTimeOf(worker.pid)) - workerBefore) / 1000,
    postgresSeconds: ((await processorTimeOfFamily(postgresPid)) - postgresBefore) / 1000,
    peakBytes: await worker.peakBytes(),
  };
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

const execute = promisify(execFile);

async function bisync({ root, rcloneHere, rcloneThere }: Trees, more: readonly string[]): Promise<void> {
  await execute('rclone', [
    'bisync',
    rcloneHere,
    rcloneThere,
    ...more,
    '--workdir',
    path.join(root, 'rclone-state'),
    ...ownConfiguration(root),
  ]);
}

async function copy({ trees: { root, rcloneHere, rcloneThere }, served }: Bench): Promise<void> {
  const target = served === null ? [rcloneThere] : [':webdav:', '--webdav-url', served.rclones.url];
  await execute('rclone', ['copy', rcloneHere, ...target, ...ownConfiguration(root)]);
}

const ownConfiguration = (root: string) => ['--config', path.join(root, 'rclone.conf')];

interface Comparison {
  readonly ours: Measured;
  /** Seconds. */
  readonly rclone: number;
  readonly target: string;
}

function resultOf(name: string, { ours, rclone, target }: Comparison): BenchResult {
  const { seconds, workerSeconds, postgresSeconds, peakBytes } = ours;
  return {
    name,
    ratio: seconds / rclone,
    target,
    lines: [
      `${seconds.toFixed(1)} s, rclone ${rclone.toFixed(1)} s`,
      `processor time: worker ${workerSeconds.toFixed(1)} s, PostgreSQL ${postgresSeconds.toFixed(1)} s`,
      `worker ${(peakBytes / 1e6).toFixed(0)} MB at its peak`,
      `load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
    ],
  };
}
