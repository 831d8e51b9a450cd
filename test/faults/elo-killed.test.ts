import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { eloFakes, isLock, isWrite, outsiderOf } from '../systems/elo';
import type { FakeRequest } from '../systems/fakes/http-fake';
import { createFolder, documents, type Folder } from '../systems/folder-pair';
import { createProcesses, type Processes } from './on-processes';

const fakes = eloFakes();
let folder: Folder;
let processes: Processes;
afterEach(async () => {
  await processes.end();
  await rm(folder.path, { recursive: true, force: true });
  await fakes.close();
});

const rows = async <T>(sql: string): Promise<T[]> => (await processes.db.raw<{ rows: T[] }>(sql)).rows;

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

const isUpload = ({ method, path }: FakeRequest): boolean => method === 'POST' && path === '/ix-Archiv/ix';
const isBegin = ({ path }: FakeRequest): boolean => path.endsWith('/checkinDocBegin');

/** Where the worker is killed: right after that call, or so long after it, while its bytes are on their way. */
const moments: readonly { fits: (request: FakeRequest) => boolean; afterMs?: number }[] = [
  { fits: isUpload },
  { fits: isBegin, afterMs: 5 },
  { fits: isLock },
  { fits: isBegin, afterMs: 30 },
  { fits: isWrite },
];

test('after kill -9 in the middle of uploads, locks and writes both sides end equal, without a half file', async () => {
  const fake = await fakes.start();
  folder = await createFolder();
  processes = await createProcesses({
    environment: { ELO_PASSWORD: fake.password, EPACK_LEASE_SECONDS: '2' },
  });
  const auth = { user: fake.user, password: '${ELO_PASSWORD}' };
  const pairs = {
    akten: {
      ...documents,
      there: { system: 'b', root: 'Akten' },
      retry: { firstMinutes: 0.005, attempts: 50 },
    },
  };
  const systems = { a: { kind: 'file-tree', folder: folder.path }, b: { kind: 'elo', url: fake.url, auth } };
  const file = { text: JSON.stringify({ systems, pairs }), isTrial: false };
  const access = { ...openStoreAccess(processes.db), seal: createSeal([]) };
  expect(await applyPairFile(access, commandLineCaller, file)).toMatchObject({ isValid: true });
  const [pair] = await rows<{ id: number }>('select id from pair');
  const ask = async (): Promise<void> => {
    await processes.db.raw(`insert into pair_run (pair_id, kind) values (?, 'whole')`, [pair?.id ?? 0]);
    await createPairSliceJobStore(processes.db).askFor(pair?.id ?? 0);
  };

  const large = (number: number): string => `${number} `.repeat(2_000_000);
  for (const [number, { fits, afterMs }] of moments.entries()) {
    const worker = await processes.startWorker();
    await folder.write('large.txt', large(number));
    await folder.write(`new ${number}.txt`, `new ${number}`);
    const killing: Promise<void>[] = [];
    const kill = async () => {
      if (afterMs !== undefined) await pause(afterMs);
      await worker.kill();
    };
    fake.http.faults.push({
      fits,
      losesAnswer: afterMs === undefined,
      before: () => void killing.push(kill()),
    });
    await ask();
    await eventually('the worker was killed', () => killing.length > 0);
    await Promise.all(killing);
    // Every visible content is complete.
    const seen = await outsiderOf(fake.archive)
      .read('large.txt')
      .catch(() => null);
    if (seen !== null) expect([large(number), large(number - 1)]).toContain(seen.toString());
    const next = await processes.startWorker();
    await ask();
    await eventually('the pair is at rest', isAtRest);
    await next.kill();
  }

  const paths = [...(await outsiderOf(fake.archive).paths())].sort();
  expect(paths).toEqual(['large.txt', 'new 0.txt', 'new 1.txt', 'new 2.txt', 'new 3.txt', 'new 4.txt']);
  const here = await folder.tree();
  expect(Object.keys(here)).toEqual(paths);
  for (const path of paths)
    expect((await outsiderOf(fake.archive).read(path)).toString() === here[path]).toBe(true);
  expect([...fake.archive.entries.values()].filter(({ lockedBy }) => lockedBy !== null)).toEqual([]);
}, 300_000);
