import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BenchServer, openBackoffice, startBenchServer } from './bench-server';
import { type Kitchen, openKitchens, type SyncTimes } from './kitchen-load';
import { median } from './median';
import { findServerProcess, type ProcessMemory } from './process-memory';
import { postmasterAt, processorTimeOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';
import { readingsPerSync, smallUpload } from './small-upload';

/**
 * Many solutions in loops through the whole handshake, each with 60 readings a sync. `--solutions N` (2,000),
 * `--seconds S` (60). With `--url`, against a server that runs already: `--admin-mail M --admin-password P` add that many
 * solutions to it; or as solutions that are already there, `--mail M --secret S`, which may be repeated. They get readings
 * of a probe P1, so use a server or solutions for this alone. If the server is on this machine, `--api PID`, `--worker PID`
 * and `--postgres PID` name the processes whose time is measured.
 */
export async function run(options: readonly string[]): Promise<readonly BenchResult[]> {
  const { values } = parseArgs({ args: [...options], options: optionsOfLoad });
  const seconds = Number(values.seconds);
  const solutions = Number(values.solutions);
  if (values.url !== undefined) return [await loadElsewhere(values.url, { ...values, seconds, solutions })];
  const server = await startBenchServer({ EPACK_QUOTA_SYNCS_PER_DAY: '100000' });
  try {
    const tokens = await enrolMany(server, solutions);
    const [api, worker] = [await findServerProcess('api'), await findServerProcess('worker')];
    const pids = { api: api.pid, worker: worker.pid, postgres: await postmasterAt(server.databaseUrl) };
    return [await measured({ url: server.url, tokens, seconds }, pids, [api, worker])];
  } finally {
    await server.stop();
  }
}

const optionsOfLoad = {
  solutions: { type: 'string', default: '2000' },
  seconds: { type: 'string', default: '60' },
  url: { type: 'string' },
  mail: { type: 'string', multiple: true },
  secret: { type: 'string', multiple: true },
  'admin-mail': { type: 'string' },
  'admin-password': { type: 'string' },
  api: { type: 'string' },
  worker: { type: 'string' },
  postgres: { type: 'string' },
} as const;

interface Elsewhere {
  readonly seconds: number;
  readonly solutions: number;
  readonly mail?: readonly string[] | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly 'admin-mail'?: string | undefined;
  readonly 'admin-password'?: string | undefined;
  readonly api?: string | undefined;
  readonly worker?: string | undefined;
  readonly postgres?: string | undefined;
}

async function loadElsewhere(url: string, options: Elsewhere): Promise<BenchResult> {
  const { 'admin-mail': email, 'admin-password': password, mail = [], secret = [] } = options;
  const tokens =
    email === undefined || password === undefined
      ? await signInAll(url, mail, secret)
      : await enrolMany(await openBackoffice(url, { email, password }), options.solutions);
  const pids = Object.fromEntries(
    Object.entries({ api: options.api, worker: options.worker, postgres: options.postgres }).flatMap(
      ([name, pid]) => (pid === undefined ? [] : [[name, Number(pid)]]),
    ),
  );
  return measured({ url, tokens, seconds: options.seconds }, pids, []);
}

/** Adds solutions, a few at a time. Returns their tokens. */
export async function enrolMany(server: Pick<BenchServer, 'enrol'>, count: number): Promise<string[]> {
  const tokens: string[] = [];
  // A server that runs already may have solutions of an earlier run.
  const run = Date.now().toString(36);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) tokens.push(await server.enrol(`kitchen${next++}-${run}@example.org`));
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  return tokens;
}

/** `pids`: the processes whose time is measured, by name. `watched`: API and worker, if their memory is measured. */
async function measured(
  load: Load,
  pids: Readonly<Partial<Record<'api' | 'worker' | 'postgres', number>>>,
  watched: readonly ProcessMemory[],
): Promise<BenchResult> {
  const timesOf = () =>
    Promise.all(
      Object.entries(pids).map(async ([name, pid]) => ({
        name,
        // PostgreSQL has a process for each connection.
        ms: await (name === 'postgres' ? processorTimeOfFamily(pid) : processorTimeOf(pid)),
      })),
    );
  const before = await timesOf();
  const ownBefore = process.cpuUsage();
  const peaks = () => Promise.all(watched.map((one) => one.peakBytes()));
  const halfway = sleep((load.seconds * 1000) / 2).then(peaks);
  const { made, inTime } = await loop(load);
  const own = process.cpuUsage(ownBefore);
  const times = (await timesOf()).map(({ name, ms: spent }, place) => ({
    name,
    ms: spent - (before[place]?.ms ?? 0),
  }));
  const spent = [...times, { name: 'this program', ms: (own.user + own.system) / 1000 }];
  const memory = (bytes: readonly number[]) => bytes.map((one) => (one / 1e6).toFixed(0)).join(' and ');
  return resultOf({ made, perSecond: inTime / load.seconds }, load, [
    `processor time a sync: ${spent.map(({ name, ms: all }) => `${name} ${ms(all / made.length)}`).join(', ')}`,
    ...(watched.length === 0
      ? []
      : [
          `peak memory of API and worker ${memory(await halfway)} MB halfway, ${memory(await peaks())} MB at the end`,
        ]),
  ]);
}

interface Load {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly seconds: number;
}

/** Each solution begins the next sync as soon as it has confirmed the last one, until the time is over. */
async function loop({ url, tokens, seconds }: Load): Promise<{ made: SyncTimes[]; inTime: number }> {
  const { kitchen, close } = openKitchens(url, 'sondes');
  const endsAt = performance.now() + seconds * 1000;
  const made: SyncTimes[] = [];
  let inTime = 0;
  const live = async (one: Kitchen): Promise<void> => {
    const highest = Number((await one.highestIds())['Tbsondes'] ?? -1);
    for (let sync = Math.ceil(Math.max(0, highest) / readingsPerSync); performance.now() < endsAt; sync++) {
      const times = await one.sync(await uploadOnce(sync));
      made.push(times);
      // The others only end what was begun.
      if (performance.now() < endsAt) inTime += 1;
    }
  };
  try {
    await Promise.all(tokens.map((token) => live(kitchen(token))));
    return { made, inTime };
  } finally {
    close();
  }
}

const uploads = new Map<number, Promise<Buffer>>();

/** All solutions send the same archive in their sync of a number: it is built once. */
function uploadOnce(sync: number): Promise<Buffer> {
  const known = uploads.get(sync) ?? smallUpload(sync);
  uploads.set(sync, known);
  return known;
}

interface Loop {
  /** All syncs, also those that ended after the time. */
  readonly made: readonly SyncTimes[];
  readonly perSecond: number;
}

function resultOf(
  { made, perSecond }: Loop,
  { seconds, tokens }: Pick<Load, 'seconds' | 'tokens'>,
  lines: readonly string[],
): BenchResult {
  const processing = made.map(({ processingMs }) => processingMs).sort((a, b) => a - b);
  return {
    name: `${tokens.length} solutions in loops, small syncs a second`,
    ratio: perSecond / 80,
    target: '≥ 80 a second',
    lines: [
      `${perSecond.toFixed(0)} syncs/s for ${seconds} s`,
      `at status 1: median ${ms(median(processing))}, p95 ${ms(processing[Math.floor(processing.length * 0.95)])}, longest ${ms(processing.at(-1))}`,
      `whole sync: median ${ms(median(made.map(({ totalMs }) => totalMs)))}`,
      `${made.reduce((sum, { refusals }) => sum + refusals, 0)} times a call was refused for a while, ${made.reduce((sum, { breaks }) => sum + breaks, 0)} times its connection broke`,
      ...lines,
      `load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
    ],
  };
}

const ms = (value = NaN) => (value < 100 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`);

async function signInAll(
  url: string,
  mails: readonly string[],
  secrets: readonly string[],
): Promise<string[]> {
  if (mails.length === 0 || mails.length !== secrets.length)
    throw new Error(
      '--url needs --admin-mail and --admin-password, or --mail and --secret of a solution, or as many of both',
    );
  return Promise.all(mails.map((mail, place) => signIn(url, mail, secrets[place] ?? '')));
}

async function signIn(url: string, mail: string, secret: string): Promise<string> {
  const response = await fetch(`${url}/v4/sondes/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ mail_solution: mail, MAC: '00:11:22:33:44:55', secret }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return String(JSON.parse(text));
}
