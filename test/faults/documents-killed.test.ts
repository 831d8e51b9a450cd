import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { noise } from '../systems/document-contract';
import { describeWithPrograms } from '../setup/programs';
import { openDavFolder, systemOf } from '../systems/dav-pair';
import { observeFiles } from '../systems/file-observer';
import { createFolder, documents, type Folder } from '../systems/folder-pair';
import { type DavServer, startDavServer } from '../systems/webdav-servers';
import { createProcesses, type Processes, type RunningProcess } from './on-processes';

// Two workers on one pair of a folder and another one, here or on a WebDAV server, killed at any moment, also in the middle
// of a large file.

let processes: Processes;
let here: Folder;
let there: Folder;
let pairId: number;
let server: DavServer | null = null;

async function open(kind: 'folder' | 'apache' | 'rclone'): Promise<void> {
  here = await createFolder();
  server = kind === 'folder' ? null : await startDavServer(kind);
  const [folder, system, end] = server === null ? await folderThere() : await davThere(server);
  there = folder;
  processes = await createProcesses({ environment: { EPACK_LEASE_SECONDS: '2' } });
  const find = { whole: '0 0 1 1 *' };
  const retry = { firstMinutes: 0.005, attempts: 50 };
  const file = {
    systems: { a: { kind: 'file-tree', folder: here.path }, b: system },
    pairs: { akten: { ...documents, there: { system: 'b', ...end }, find, retry } },
  };
  const applied = await applyPairFile(
    { ...openStoreAccess(processes.db), seal: createSeal([]) },
    commandLineCaller,
    { text: JSON.stringify(file), isTrial: false },
  );
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  pairId = (await rows<{ id: number }>('select id from pair'))[0]?.id ?? 0;
}
afterEach(async () => {
  await processes.end();
  for (const { path } of [here, there]) await rm(path, { recursive: true });
  await server?.kill();
});

type Side = readonly [folder: Folder, system: object, end: object];

async function folderThere(): Promise<Side> {
  const folder = await createFolder();
  return [folder, { kind: 'file-tree', folder: folder.path }, {}];
}

async function davThere(dav: DavServer): Promise<Side> {
  const [folder, end] = await openDavFolder(dav);
  return [folder, systemOf(dav), end];
}

const rows = async <T>(sql: string): Promise<T[]> => (await processes.db.raw<{ rows: T[] }>(sql)).rows;

async function ask(): Promise<void> {
  await processes.db.raw(`insert into pair_run (pair_id, kind) values (?, 'check')`, [pairId]);
  await createPairSliceJobStore(processes.db).askFor(pairId);
}

/** Nothing is left to do, and nobody does anything. */
const isAtRest = async (): Promise<boolean> => {
  const [left] = await rows<{ count: number }>(
    `select (select count(*) from pair_run where state <> 'ended')
       + (select count(*) from link_job where state in ('new', 'running', 'failed', 'waiting', 'held'))
       + (select count(*) from link where intent is not null)
       + (select count(*) from job where kind = 'pair.slice' and (state = 'running' or run_after <= now())) as count`,
  );
  return Number(left?.count) === 0;
};

/** Something is being written there that has no name yet. */
const isCopying = async ({ path }: Folder): Promise<boolean> =>
  (await readdir(path, { recursive: true })).some((name) => /\.~epack-|\.davfs\.tmp/.test(name));

async function settle(): Promise<void> {
  for (let runs = 0; runs < 2; runs++) {
    await ask();
    await eventually('the pair is at rest', isAtRest);
  }
}

/** A trial of the server that was killed while it held a lock is removed by a listing after the lock's minute. */
async function settleWithoutLocks(): Promise<void> {
  for (let seconds = 0; seconds < 90 && (await isCopying(there)); seconds += 5) {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await settle();
  }
}

test('after kill -9 of both workers at any moment both folders end equal, with nothing lost, doubled or half', async () => {
  await open('folder');
  await killAtAnyMoment();
}, 400_000);

describeWithPrograms(['apache2', 'rclone'], 'a WebDAV server', () => {
  test.each(['apache', 'rclone'] as const)(
    'after kill -9 of both workers at any moment a folder and %s end equal, with nothing lost, doubled or half',
    async (kind) => {
      await open(kind);
      await killAtAnyMoment();
    },
    400_000,
  );
});

async function killAtAnyMoment(): Promise<void> {
  const rounds = 3;
  // Text, so that it compares as it was read.
  const large = Array.from({ length: rounds }, (_, round) =>
    noise(2_000_000, `large ${round}`).toString('hex'),
  );
  const observer = observeFiles(there.path, isWholeThere);
  const expected = new Map<string, string>();
  const workers = new Set<RunningProcess>();
  const startBoth = async () => {
    for (let count = 0; count < 2; count++) workers.add(await processes.startWorker());
  };
  const killBoth = async () => {
    const all = [...workers];
    workers.clear();
    await Promise.all(all.map((worker) => worker.kill()));
  };
  for (let round = 0; round < rounds; round++) {
    await edit(round);
    await startBoth();
    await ask();
    if (round % 2 === 0)
      await eventually('a file is on its way', async () => (await isCopying(there)) || (await isAtRest()));
    else await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
    await killBoth();
  }
  await startBoth();
  await settle();
  await settleWithoutLocks();
  expect(await observer.stop()).toEqual([]);
  const [ours, theirs] = [await here.tree(), await there.tree()];
  expect(Object.keys(theirs)).toEqual(Object.keys(ours));
  expect(ours).toEqual(theirs);
  // No temporary name is left either.
  const files = Object.keys(ours).filter((path) => !path.endsWith('/'));
  expect(files.sort()).toEqual([...expected.keys()].sort());
  for (const [path, bytes] of expected) expect([path, ours[path] === bytes]).toEqual([path, true]);

  /** A large file is new here and a small one there; one is changed, one moved with its folder, one deleted. */
  async function edit(round: number): Promise<void> {
    const write = async (folder: Folder, path: string, bytes: string) => {
      await folder.write(path, bytes);
      expected.set(path, bytes);
    };
    await write(here, `large ${round}.bin`, large[round] ?? '');
    await write(there, `there ${round}/small.txt`, `small ${round}`);
    if (round === 0) return;
    await writeFile(join(here.path, `large ${round - 1}.bin`), `changed ${round}`);
    expected.set(`large ${round - 1}.bin`, `changed ${round}`);
    const before = `there ${round - 1}`;
    await there.move(before, `moved ${round - 1}`);
    expected.set(`moved ${round - 1}/small.txt`, expected.get(`${before}/small.txt`) ?? '');
    expected.delete(`${before}/small.txt`);
  }

  /** Every large file under its name is complete, to its last byte. */
  function isWholeThere(path: string, bytes: string): boolean {
    const [, number] = /^large (\d)\.bin$/.exec(path) ?? [];
    return (
      number === undefined || bytes === large[Number(number)] || bytes === `changed ${Number(number) + 1}`
    );
  }
}

test('a worker that was frozen in the middle of a file overwrites nothing when it wakes', async () => {
  await open('folder');
  const old = await processes.startWorker();
  await here.write('large.bin', noise(12_000_000, 'first'));
  await ask();
  await eventually('the file is on its way', async () => (await isCopying(there)) || (await isAtRest()));
  old.freeze();
  await processes.startWorker();
  await eventually('another has taken the pair over and is done', isAtRest);
  await there.write('large.bin', 'changed since');
  old.thaw();
  await settle();
  await old.stop();
  await settle();
  expect(await here.tree()).toEqual({ 'large.bin': 'changed since' });
  expect(await there.tree()).toEqual({ 'large.bin': 'changed since' });
}, 200_000);
