import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { applyPairFile } from '../api/backoffice/services/pair-files';
import { type Db, migrate, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { startEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import { createLogger } from '../shared/log';
import { createSeal } from '../shared/seal/seal';
import { createJobStore } from '../shared/stores/jobs/job-store';
import { createLinkHintStore } from '../shared/stores/pairs/link-hint-store';
import { createPairSliceJobStore } from '../shared/stores/jobs/pair-slice-job-store';
import { openStoreAccess } from '../shared/stores/store-access';
import { currentEntity, recordCall } from '../worker/pairs/call-scope';
import { createPairSystems } from '../worker/pairs/pair-systems';
import { runSlice } from '../worker/pairs/run-slice';
import { createLimiters, secretsFrom } from '../worker/pairs/system-secrets';
import { createConnectors } from '../worker/systems/connectors';
import { median } from './median';
import { postmasterOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';

const batches = 10;
const batchSize = 20;
const singles = 40;
const targetMs = 20;

/** The cost of a creation and an update of a pair EspoCRM ↔ Advoware, without the time of the remote calls. */
export async function run(): Promise<readonly BenchResult[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epack-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  const db = openDatabase({ url: postgres.url, maxConnections: 10, applicationName: 'epack-bench' });
  const remote = await startRemote();
  try {
    await migrate(db);
    const bench = await openBench(db, remote);
    // The first entities are not counted, because code is compiled and statements are prepared with them.
    await bench.update(await bench.create(batchSize));
    const created = await measure(bench, (size) => bench.create(size));
    const updated = await measure(bench, (size, ids) => bench.update(ids.splice(0, size)), created.ids);
    await bench.close();
    return [...resultsOf('create', created), ...resultsOf('update', updated)];
  } finally {
    await db.destroy();
    await postgres.stop();
    remote.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

type Bench = Awaited<ReturnType<typeof openBench>>;

interface Measured {
  readonly ids: string[];
  /** The time of an entity in milliseconds: a value for each batch. */
  readonly worker: number[];
  readonly database: number[];
  /** The time of a single entity in milliseconds, without its calls. */
  readonly clock: number[];
}

type Work = (size: number, ids: string[]) => Promise<string[]>;

async function measure(bench: Bench, work: Work, given: readonly string[] = []): Promise<Measured> {
  const left = [...given];
  const measured: Measured = { ids: [], worker: [], database: [], clock: [] };
  for (let batch = 0; batch < batches; batch++) {
    const [worker, database] = [process.cpuUsage(), await processorTimeOfFamily(bench.postgresPid)];
    measured.ids.push(...(await work(batchSize, left)));
    const { user, system } = process.cpuUsage(worker);
    measured.worker.push((user + system) / 1000 / batchSize);
    measured.database.push(((await processorTimeOfFamily(bench.postgresPid)) - database) / batchSize);
  }
  bench.settled.splice(0);
  for (let single = 0; single < singles; single++) measured.ids.push(...(await work(1, left)));
  measured.clock.push(...bench.settled.splice(0));
  return measured;
}

function resultsOf(what: string, { worker, database, clock }: Measured): BenchResult[] {
  const both = worker.map((milliseconds, batch) => milliseconds + (database[batch] ?? NaN));
  return [
    {
      name: `${what} of a pair EspoCRM ↔ Advoware, processor time`,
      ratio: median(both) / targetMs,
      target: `≤ 1.0 × ${targetMs} ms at the median`,
      lines: [
        `median ${median(both).toFixed(1)} ms: worker ${median(worker).toFixed(1)} ms, PostgreSQL ${median(database).toFixed(1)} ms; worst ${Math.max(...both).toFixed(1)} ms of ${batches} batches of ${batchSize}`,
      ],
    },
    {
      name: `${what} of a pair EspoCRM ↔ Advoware, by the clock without the remote's answers`,
      ratio: median(clock) / targetMs,
      target: `≤ 1.0 × ${targetMs} ms at the median`,
      lines: [
        `median ${median(clock).toFixed(1)} ms, worst ${Math.max(...clock).toFixed(1)} ms of ${clock.length}`,
      ],
    },
  ];
}

/** The pair of docs/sandbox.yaml, processed as the worker does after a webhook. */
async function openBench(db: Db, remote: Remote) {
  const pairId = await applyPair(db, remote);
  const settled: number[] = [];
  const seal = createSeal([]);
  const deps = {
    db,
    systems: createPairSystems({
      connectors: createConnectors(),
      secretsOf: secretsFrom({ db, seal, environment: remote.environment }),
      limiterOf: createLimiters(),
      observe: recordCall,
    }),
    watch: {
      settled: (_pair: string, _verdict: string, seconds: number) => {
        const calls = currentEntity()?.calls ?? [];
        settled.push(seconds * 1000 - calls.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
      },
      conflict: () => undefined,
    },
    log: createLogger({ name: 'bench', level: 'silent' }),
    stopping: new AbortController().signal,
    sliceMs: 20_000,
    lease: {
      get signal() {
        return new AbortController().signal;
      },
      isHeld: () => true,
    },
  };

  async function settle(): Promise<void> {
    await createPairSliceJobStore(db).askFor(pairId);
    const job = await db<{ id: string; kind: string }>('job').where({ kind: 'pair.slice' }).first('id');
    const claimed = await createJobStore(db).claim(job?.id ?? '0', 60);
    if (claimed === null) throw new Error('there is no slice to run');
    await runSlice(deps, claimed);
  }

  async function mention(keys: string[], verdict: string): Promise<string[]> {
    await createLinkHintStore(db).add({ pairId, side: 'here', keys, source: 'webhook' });
    await settle();
    const done = await db('link_job').whereIn('key', keys).where({ state: 'done', verdict });
    if (done.length < keys.length) throw new Error(`not every one was ${verdict}`);
    return keys;
  }

  // The first whole listings end before the measurement begins.
  await settle();
  return {
    postgresPid: await postmasterOf(db),
    settled,
    create: async (count: number) => mention(await remote.ask({ add: count }), 'created'),
    update: async (ids: string[]) => mention(await remote.ask({ edit: ids }), 'updated'),
    close: () => deps.systems.close(),
  };
}

async function applyPair(db: Db, remote: Remote): Promise<number> {
  const text = (await readFile(path.resolve(__dirname, '../../docs/sandbox.yaml'), 'utf8'))
    .replace('http://127.0.0.1:8470', remote.espo)
    .replace('http://127.0.0.1:8471', remote.advoware)
    // No check runs meanwhile.
    .replace("check: '* * * * *'", "check: '20 4 * * *'");
  const access = { ...openStoreAccess(db), seal: createSeal([]) };
  const applied = await applyPairFile(access, commandLineCaller, { text, isTrial: false });
  if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  const pair = await db<{ id: number }>('pair').first('id');
  return pair?.id ?? 0;
}

type Remote = Awaited<ReturnType<typeof startRemote>>;

const greeting = z.object({
  espo: z.string(),
  advoware: z.string(),
  environment: z.record(z.string(), z.string()),
});

/** Both fakes, in a process of their own. */
async function startRemote() {
  const child: ChildProcess = fork(path.resolve(__dirname, '../test/systems/fakes-child.js'), {
    execArgv: [],
  });
  const said = async (): Promise<unknown> => {
    const message: unknown[] = await once(child, 'message');
    return message[0];
  };
  return {
    ...greeting.parse(await said()),
    async ask(what: { readonly add: number } | { readonly edit: readonly string[] }): Promise<string[]> {
      child.send(what);
      return z.array(z.string()).parse(await said());
    },
    stop: () => child.disconnect(),
  };
}
