import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BenchServer, startBenchServer } from './bench-server';
import { type Kitchen, openKitchens, type SyncTimes } from './kitchen-load';
import { median } from './median';
import { findServerProcess } from './process-memory';
import { postmasterAt, processorTimeOf, processorTimeOfFamily } from './processor-time';
import type { BenchResult } from './result';
import { readingsPerSync, smallUpload } from './small-upload';

/**
 * Many solutions in loops through the whole handshake, each with 60 readings a sync. `--solutions N` (2,000),
 * `--seconds S` (60). With `--url`, against a server elsewhere, as solutions that are already there: `--mail M --secret S`,
 * which may be repeated. It adds readings of a probe P1 to them, so use solutions that are there for this.
 */
export async function run(options: readonly string[]): Promise<readonly BenchResult[]> {
  const { values } = parseArgs({ args: [...options], options: optionsOfLoad });
  const seconds = Number(values.seconds);
  if (values.url !== undefined) {
    const tokens = await signInAll(values.url, values.mail ?? [], values.secret ?? []);
    return [resultOf(await loop({ url: values.url, tokens, seconds }), seconds, tokens.length, [])];
  }
  const server = await startBenchServer({ EPACK_QUOTA_SYNCS_PER_DAY: '100000' });
  try {
    const tokens = await enrolMany(server, Number(values.solutions));
    return await loadOwn(server, tokens, seconds);
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
} as const;

/** Adds solutions, a few at a time. Returns their tokens. */
export async function enrolMany(server: BenchServer, count: number): Promise<string[]> {
  const tokens: string[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) tokens.push(await server.enrol(`kitchen${next++}@example.org`));
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  return tokens;
}

async function loadOwn(
  server: BenchServer,
  tokens: readonly string[],
  seconds: number,
): Promise<BenchResult[]> {
  const [api, worker] = [await findServerProcess('api'), await findServerProcess('worker')];
  const postgres = await postmasterAt(server.databaseUrl);
  const timesOf = () =>
    Promise.all([processorTimeOf(api.pid), processorTimeOf(worker.pid), processorTimeOfFamily(postgres)]);
  const before = await timesOf();
  const ownBefore = process.cpuUsage();
  const halfway = sleep((seconds * 1000) / 2).then(() => Promise.all([api.peakBytes(), worker.peakBytes()]));
  const made = await loop({ url: server.url, tokens, seconds });
  const own = process.cpuUsage(ownBefore);
  const after = await timesOf();
  const perSync = after.map((time, place) => (time - (before[place] ?? 0)) / made.length);
  const memory = (bytes: readonly number[]) => bytes.map((one) => (one / 1e6).toFixed(0)).join(' and ');
  return [
    resultOf(made, seconds, tokens.length, [
      `processor time a sync: API ${ms(perSync[0])}, worker ${ms(perSync[1])}, PostgreSQL ${ms(perSync[2])}, this program ${ms((own.user + own.system) / 1000 / made.length)}`,
      `peak memory of API and worker ${memory(await halfway)} MB halfway, ${memory([await api.peakBytes(), await worker.peakBytes()])} MB at the end`,
    ]),
  ];
}

interface Load {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly seconds: number;
}

/** Each solution begins the next sync as soon as it has confirmed the last one, until the time is over. */
async function loop({ url, tokens, seconds }: Load): Promise<SyncTimes[]> {
  const { kitchen, close } = openKitchens(url, 'sondes');
  const endsAt = performance.now() + seconds * 1000;
  const made: SyncTimes[] = [];
  const live = async (one: Kitchen): Promise<void> => {
    const highest = Number((await one.highestIds())['Tbsondes'] ?? -1);
    for (let sync = Math.ceil(Math.max(0, highest) / readingsPerSync); performance.now() < endsAt; sync++) {
      const times = await one.sync(await uploadOnce(sync));
      // The rest only ends what was begun.
      if (performance.now() < endsAt) made.push(times);
    }
  };
  try {
    await Promise.all(tokens.map((token) => live(kitchen(token))));
    return made;
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

function resultOf(
  made: readonly SyncTimes[],
  seconds: number,
  solutions: number,
  lines: readonly string[],
): BenchResult {
  const perSecond = made.length / seconds;
  const processing = made.map(({ processingMs }) => processingMs).sort((a, b) => a - b);
  return {
    name: `${solutions} solutions in loops, small syncs a second`,
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
    throw new Error('--url needs --mail and --secret of a solution, or as many of both');
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
