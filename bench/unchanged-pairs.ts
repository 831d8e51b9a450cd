import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Db, migrate, openDatabase } from '../shared/db/database';
import { startEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import { createLinkStore } from '../shared/stores/pairs/link-store';
import { createPairLinks } from '../worker/pairs/pair-links';
import type { PairLinkWords } from '../worker/pairs/words';
import { discover, usualBelief } from '../worker/pipeline/discover';
import { sides } from '../worker/pipeline/sides';
import { type Item, type System, tombstone } from '../worker/pipeline/system';
import { postmasterOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';

const pairs = 1_000_000;
const pageSize = 1_000;

/** A million unchanged pairs, listed whole on both sides: the time of screening them, and its memory. */
export async function run(): Promise<readonly BenchResult[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epack-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const db = openDatabase({ url: postgres.url, maxConnections: 2, applicationName: 'epack-bench' });
  try {
    await migrate(db);
    const held = await makePairs(db);
    await forgetPeak();
    const postgresPid = await postmasterOf(db);
    const startedAt = process.hrtime.bigint();
    const [worker, database] = [process.cpuUsage(), await processorTimeOfFamily(postgresPid)];
    for (const side of sides) await screen(db, held, side);
    const { user, system } = process.cpuUsage(worker);
    const workerSeconds = (user + system) / 1e6;
    const databaseSeconds = ((await processorTimeOfFamily(postgresPid)) - database) / 1e3;
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    const peak = await peakBytes();
    return [
      {
        name: 'a million unchanged pairs, listed whole on both sides, processor time',
        ratio: (workerSeconds + databaseSeconds) / 60,
        target: '≤ 1.0 × 60 s',
        lines: [
          `worker ${workerSeconds.toFixed(1)} s, PostgreSQL ${databaseSeconds.toFixed(1)} s; ${seconds.toFixed(0)} s by the clock`,
        ],
      },
      {
        name: 'memory of the worker, a million unchanged pairs',
        ratio: peak / 300e6,
        target: '≤ 1.0 × 300 MB',
        lines: [`${(peak / 1e6).toFixed(0)} MB at its peak`],
      },
    ];
  } finally {
    await db.destroy();
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

interface Held {
  readonly pairId: number;
  readonly jobId: string;
}

/** Records of 15 fields, which are the copies last seen on both sides. */
async function makePairs(db: Db): Promise<Held> {
  await db.raw(
    `insert into remote_system (name, kind, config) values ('one', 'espocrm', '{}'), ('other', 'advoware', '{}')`,
  );
  const { rows } = await db.raw<{ rows: { id: number }[] }>(
    `insert into pair (name, here_id, there_id, config, mode)
     select 'records', min(id), max(id), '{}', 'run' from remote_system returning id`,
  );
  const pairId = rows[0]?.id ?? 0;
  await db.raw(`insert into link (pair_id) select ? from generate_series(1, ${pairs})`, [pairId]);
  await db.raw(
    `insert into link_end (link_id, side, pair_id, key, revision, seen)
     select id, side, pair_id, left(side, 1) || n, 'v1', jsonb_build_object('isActive', true, 'place', null, 'fields',
       (select jsonb_object_agg('field' || f, 'a value of some length ' || n) from generate_series(1, 15) f))
     from (select id, pair_id, row_number() over (order by id) as n from link) link,
       unnest(array['here', 'there']) side`,
  );
  await db.raw('analyze link, link_end');
  const job = await db.raw<{ rows: { id: string }[] }>(
    `insert into job (kind, subject, lane, state, attempts, fence, lease_until)
     values ('pair.slice', ?, 'pairs', 'running', 1, 1, now() + interval '1 hour') returning id`,
    [String(pairId)],
  );
  return { pairId, jobId: job.rows[0]?.id ?? '' };
}

async function screen(db: Db, { pairId, jobId }: Held, side: 'here' | 'there'): Promise<void> {
  const store = createLinkStore<PairLinkWords>(db, pairId, { id: jobId, fence: 1 });
  const links = createPairLinks({
    store,
    goesOn: () => false,
    listing: () => undefined,
    listed: async () => undefined,
  });
  const { signal } = new AbortController();
  const system = listed(side);
  let found = 0;
  for await (const told of discover({ system, side, links, since: null, signal, belief: usualBelief })) {
    if (told.kind === 'partial') throw new Error('the listing was not whole');
    found += told.items.length;
  }
  if (found > 0) throw new Error(`${found} of the unchanged were taken for changed`);
}

/** The listing of a server, generated page by page. */
function listed(side: 'here' | 'there'): System {
  const unused = () => Promise.reject(new Error('nothing but the listing is called'));
  return {
    capabilities: {
      changes: 'scan',
      deletions: 'none',
      writes: 'conditional',
      creates: 'keyed',
      answers: 'stored',
      tree: null,
      content: null,
      deferred: false,
      batch: 100,
    },
    async *list() {
      for (let first = 1; first <= pairs; first += pageSize) {
        const items = Array.from({ length: pageSize }, (_, at) => itemOf(side, first + at));
        yield { items, cursor: null, isWhole: first + pageSize > pairs };
      }
    },
    fetch: unused,
    find: unused,
    create: unused,
    update: unused,
    move: unused,
    delete: unused,
  };
}

function itemOf(side: 'here' | 'there', number: number): Item {
  const names = Array.from({ length: 15 }, (_, at) => `field${at + 1}`);
  const fields = Object.fromEntries(names.map((name) => [name, `a value of some length ${number}`]));
  return { ...tombstone(`${side.charAt(0)}${number}`), revision: 'v1', isActive: true, fields };
}

// Linux keeps the peak of resident memory; from here on it is that of the screening.

const forgetPeak = () => writeFile('/proc/self/clear_refs', '5');

async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
}
