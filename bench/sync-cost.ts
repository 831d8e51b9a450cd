import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { parameterClassesOf } from '../shared/catalog/parameter-classes';
import { writeEntities, type WrittenEntity } from '../shared/formats/xml-writer';
import { type BenchServer, startBenchServer } from './bench-server';
import { runKitchens } from './kitchen-load';
import { leastSchema } from './least-sync';
import { median } from './median';
import { findServerProcess } from './process-memory';
import { postmasterAt, processorTimeOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';
import { readingsPerSync, readingTime, smallUpload, zipOf } from './small-upload';

const kitchens = 16;
/** Many short slices in turns: other work on the machine then meets all programs alike. */
const rounds = 11;

/**
 * The processor time of a sync over all processes, against that of the least program that does the same on the same
 * database: in turns, medians. The least program is measured before and after what is compared with it, because its time
 * alone varies by a fifth.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const server = await startBenchServer({ EPACK_QUOTA_SYNCS_PER_DAY: '100000' });
  const least = await startLeast(server.databaseUrl);
  try {
    const postgres = await postmasterAt(server.databaseUrl);
    const [api, worker] = [await findServerProcess('api'), await findServerProcess('worker')];
    const tokens = [server.token, ...(await enrolAll(server))];
    const ours = { url: server.url, tokens, pids: { api: api.pid, worker: worker.pid, postgres } };
    const theirs = {
      url: least.url,
      tokens: tokens.map((_, index) => String(index + 1)),
      pids: { ...least.pids, postgres },
    };
    const small = { channel: 'sondes', syncs: 4, upload: smallUpload };
    const large = { channel: 'synchro', syncs: 2, upload: await unchangedUpload() };
    const costs: { least: Cost; small: Cost; unchanged: Cost }[] = [];
    for (let round = 0; round <= rounds; round++) {
      const before = await costOf(theirs, small, 2 * round);
      const ofOurs = { small: await costOf(ours, small, round), unchanged: await costOf(ours, large, round) };
      const after = await costOf(theirs, small, 2 * round + 1);
      const cost = { least: meanOf(before, after), ...ofOurs };
      // The first round only warms up.
      if (round > 0) costs.push(cost);
    }
    const middle = (of: (cost: (typeof costs)[number]) => number) => median(costs.map(of));
    const told = (name: 'least' | 'small' | 'unchanged') =>
      `${name} ${middle((cost) => cost[name].total).toFixed(1)} ms a sync (API ${middle((cost) => cost[name].api).toFixed(1)}, worker ${middle((cost) => cost[name].worker).toFixed(1)}, PostgreSQL ${middle((cost) => cost[name].postgres).toFixed(1)}), ${middle((cost) => cost[name].perSecond).toFixed(0)} syncs/s`;
    return [
      {
        name: `processor time of a sync with ${readingsPerSync} readings`,
        ratio: middle(({ small, least }) => small.total / least.total),
        target: '≤ 2.5 × the least program',
        lines: [told('small'), told('least')],
      },
      {
        name: 'processor time of a sync with unchanged parameters and 20 readings',
        ratio: middle(({ unchanged, least }) => unchanged.total / least.total),
        target: '≤ 4 × the least program',
        lines: [told('unchanged')],
      },
    ];
  } finally {
    await least.stop();
    await server.stop();
  }
}

interface Side {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly pids: { readonly api: number; readonly worker: number; readonly postgres: number };
}

interface Work {
  readonly channel: string;
  /** The syncs of each kitchen in a round. */
  readonly syncs: number;
  readonly upload: (sync: number) => Promise<Buffer>;
}

/** Milliseconds of processor time for each sync. */
interface Cost {
  readonly api: number;
  readonly worker: number;
  readonly postgres: number;
  readonly total: number;
  readonly perSecond: number;
}

async function costOf({ url, tokens, pids }: Side, { syncs, ...work }: Work, round: number): Promise<Cost> {
  const before = await timesOf(pids);
  const startedAt = performance.now();
  const made = await runKitchens({ ...work, url, tokens, syncs, firstSync: round * syncs });
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await timesOf(pids);
  const [api, worker, postgres] = [0, 1, 2].map(
    (place) => ((after[place] ?? 0) - (before[place] ?? 0)) / made.length,
  );
  const parts = { api: api ?? 0, worker: worker ?? 0, postgres: postgres ?? 0 };
  return { ...parts, total: parts.api + parts.worker + parts.postgres, perSecond: made.length / seconds };
}

const meanOf = (one: Cost, other: Cost): Cost => ({
  api: (one.api + other.api) / 2,
  worker: (one.worker + other.worker) / 2,
  postgres: (one.postgres + other.postgres) / 2,
  total: (one.total + other.total) / 2,
  perSecond: (one.perSecond + other.perSecond) / 2,
});

const timesOf = ({ api, worker, postgres }: Side['pids']) =>
  Promise.all([processorTimeOf(api), processorTimeOf(worker), processorTimeOfFamily(postgres)]);

// What the kitchens send

/** All classes of a kitchen, the same every time, beside 20 readings. */
async function unchangedUpload(): Promise<Work['upload']> {
  const classes = parameterClassesOf('synchro').map((parameterClass) => ({
    name: `xml/${parameterClass.name}.xml`,
    content: [...writeEntities(parameterClass, entities(6))].join(''),
  }));
  return (sync) => {
    const lines = Array.from({ length: 20 }, (_, index) => {
      const id = sync * 20 + index + 1;
      return `${id},${readingTime(id)},CF1,3.1`;
    });
    const content = ['Id,MeasuredAt,FridgeName,Temp', ...lines, ''].join('\n');
    return zipOf([...classes, { name: 'csv/Tbfridge.csv', content }]);
  };
}

const entities = (count: number): WrittenEntity[] =>
  Array.from({ length: count }, (_, index) => ({
    id: String(1_532_500_000_000 + index),
    idServer: null,
    ts: '2026-11-01 07:31:00',
    isActive: true,
    fields: { Name: `Number ${index}` },
  }));

// The measured programs

async function enrolAll(server: BenchServer): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < kitchens - 1) tokens.push(await server.enrol(`kitchen${tokens.length}@example.org`));
  return tokens;
}

async function startLeast(databaseUrl: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-least-'));
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(leastSchema);
  await client.query('insert into least.channel (solution) select generate_series(1, $1)', [kitchens]);
  await client.end();
  const start = (role: string): ChildProcess =>
    spawn(process.execPath, [path.join(__dirname, 'least-sync.js'), role, folder, databaseUrl], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const [api, worker] = [start('least-api'), start('least-worker')];
  if (api.stdout === null) throw new Error('the least program says nothing');
  const [said] = (await once(api.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${said.toString().trim()}`,
    pids: { api: api.pid ?? 0, worker: worker.pid ?? 0 },
    async stop() {
      for (const child of [api, worker]) child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
