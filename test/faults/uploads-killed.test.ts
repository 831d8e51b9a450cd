import { rm } from 'node:fs/promises';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { digest, noise } from '../systems/document-contract';
import { createFolder, documents, type Folder } from '../systems/folder-pair';
import { configOf, graphFakes, outsiderOf } from '../systems/sharepoint';
import type { GraphFake } from '../systems/fakes/graph-fake';
import { createProcesses, type Processes } from './on-processes';

// A worker is killed while it sends a large file to SharePoint.

const fakes = graphFakes();
let fake: GraphFake;
let folder: Folder;
let processes: Processes;
let pairId: number;

beforeEach(async () => {
  fake = await fakes.start();
  folder = await createFolder();
  processes = await createProcesses({ environment: { EPACK_LEASE_SECONDS: '2' } });
  const file = {
    systems: {
      a: { kind: 'file-tree', folder: folder.path },
      b: { kind: 'sharepoint', ...configOf(fake) },
    },
    pairs: { akten: { ...documents, retry: { firstMinutes: 0.005, attempts: 50 } } },
  };
  const access = { ...openStoreAccess(processes.db), seal: createSeal([]) };
  const text = JSON.stringify(file).replace(fake.auth.clientSecret, '${MS_SECRET}');
  const applied = await applyPairFile(access, commandLineCaller, { text, isTrial: false });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  pairId = (await rows<{ id: number }>('select id from pair'))[0]?.id ?? 0;
});
afterEach(async () => {
  await processes.end();
  await rm(folder.path, { recursive: true, force: true });
  await fakes.close();
});

const rows = async <T>(sql: string): Promise<T[]> => (await processes.db.raw<{ rows: T[] }>(sql)).rows;

const startWorker = () => processes.startWorker({ MS_SECRET: fake.auth.clientSecret });

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

/** A worker is killed at its next part from that byte on; what it had sent stays with its upload. */
async function killAtPart(start: number): Promise<void> {
  const worker = await startWorker();
  const killing: Promise<void>[] = [];
  fake.storage.faults.push({
    fits: ({ headers }) => headers['content-range']?.startsWith(`bytes ${start}-`) === true,
    before: () => killing.push(worker.kill()),
    losesAnswer: true,
  });
  await ask();
  await eventually('the worker is killed', () => killing.length > 0);
  await Promise.all(killing);
}

const part = 16 * 327_680;
const [second, last] = [part, 2 * part];

test.each([
  ['with a part that arrived', second],
  ['right after the last part arrived', last],
])(
  'a file that is made or replaced while the worker is killed %s is whole on both sides, once, and nothing half is seen',
  async (_when, start) => {
    const library = outsiderOf(fake, '');
    const [one, two] = [noise(2 * part + 1_000, 'one'), noise(2 * part + 2_000, 'two')];
    for (const [bytes, before] of [
      [one, null],
      [two, one],
    ] as const) {
      await folder.write('large.bin', bytes);
      await killAtPart(start);
      const isThere = start === last;
      const shown = (await library.paths()).length === 0 ? null : digest(await library.read('large.bin'));
      expect(shown).toBe(isThere ? digest(bytes) : before === null ? null : digest(before));
      const next = await startWorker();
      await ask();
      await eventually('the pair is at rest', isAtRest);
      await ask();
      await eventually('the pair is at rest', isAtRest);
      await next.stop();
      expect(await library.paths()).toEqual(['large.bin']);
      expect(digest(await library.read('large.bin'))).toBe(digest(bytes));
      expect(Object.keys(await folder.tree())).toEqual(['large.bin']);
    }
    expect(await rows('select state from link')).toEqual([{ state: 'active' }]);
  },
  300_000,
);
