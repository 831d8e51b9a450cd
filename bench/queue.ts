import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, openDatabase } from '../shared/db/database';
import { createDatabaseListener } from '../shared/db/listen';
import { createLogger } from '../shared/log';
import { startEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import type { JobQueue } from '../shared/queue/job-queue';
import { createPostgresQueue } from '../shared/queue/postgres-queue';
import { createRabbitQueue } from '../shared/queue/rabbit-queue';
import type { BenchResult } from './result';

export interface QueueBenchOptions {
  /** The URL of a migrated database whose queue nobody else uses. Default: an embedded one, removed at the end. */
  readonly databaseUrl?: string;
  /** The URL of RabbitMQ. Default: the environment's QUEUE_URL; without one RabbitMQ is not measured. */
  readonly queueUrl?: string | undefined;
  /** The number of messages in each measurement. */
  readonly messages?: number;
}

/**
 * Messages confirmed and jobs done a second on both queues. The ratio is the slower one's jobs to the 2,000 a
 * second that it must reach.
 */
export async function run(options: QueueBenchOptions = {}): Promise<BenchResult> {
  const { databaseUrl, queueUrl = process.env['QUEUE_URL'], messages = 10_000 } = options;
  const onPostgres =
    databaseUrl === undefined
      ? await measureOnEmbedded(messages)
      : await measureAndClose(openOnPostgres(databaseUrl), messages);
  const lines = describe('PostgreSQL', onPostgres);
  if (queueUrl === undefined)
    return result([onPostgres], [...lines, 'RabbitMQ: left out, QUEUE_URL is not set']);
  const onRabbit = await measureAndClose(openOnRabbit(queueUrl), messages);
  return result([onPostgres, onRabbit], [...lines, ...describe('RabbitMQ', onRabbit)]);
}

function result(figures: readonly Figures[], lines: string[]): BenchResult {
  const slowest = Math.min(...figures.map(({ jobsPerSecond }) => jobsPerSecond));
  return { name: 'queue', ratio: slowest / neededJobsPerSecond, target: '≥ 1', lines };
}

async function measureOnEmbedded(messages: number): Promise<Figures> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'epack-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const db = openDatabase({ url: postgres.url, maxConnections: 1, applicationName: 'epack-bench' });
    await migrate(db);
    await db.destroy();
    return await measureAndClose(openOnPostgres(postgres.url), messages);
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measureAndClose(queue: JobQueue, messages: number): Promise<Figures> {
  try {
    return await measure(queue, messages);
  } finally {
    await queue.close();
  }
}

const neededJobsPerSecond = 2_000;

interface Figures {
  readonly confirmsPerSecond: number;
  readonly confirmsPerSecondOneByOne: number;
  readonly jobsPerSecond: number;
  readonly jobsPerSecondOneByOne: number;
  /** The median time from publish to the handler on an idle queue. */
  readonly latencyMs: number;
}

async function measure(queue: JobQueue, messages: number): Promise<Figures> {
  while (!queue.isUp()) await sleep(10);
  const few = Math.ceil(messages / 10);
  const confirmsPerSecond = await rate(messages, () => publish(queue, messages, 200));
  const jobsPerSecond = await rate(messages, () => workOff(queue, messages, 10));
  const confirmsPerSecondOneByOne = await rate(few, () => publish(queue, few, 1));
  const jobsPerSecondOneByOne = await rate(few, () => workOff(queue, few, 1));
  const latencyMs = await measureLatency(queue);
  return { confirmsPerSecond, confirmsPerSecondOneByOne, jobsPerSecond, jobsPerSecondOneByOne, latencyMs };
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (count / (performance.now() - startedAt)) * 1000;
}

async function publish(queue: JobQueue, count: number, inFlight: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) await queue.publish('small', { version: 1, jobId: String(next++) });
    }),
  );
}

async function workOff(queue: JobQueue, count: number, concurrency: number): Promise<void> {
  let handled = 0;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const consumption = await queue.consume('small', concurrency, () => {
    if (++handled === count) finish();
    return Promise.resolve('done');
  });
  await finished;
  await consumption.stop();
}

async function measureLatency(queue: JobQueue): Promise<number> {
  let arrive: () => void = () => undefined;
  const consumption = await queue.consume('small', 1, () => {
    arrive();
    return Promise.resolve('done');
  });
  const latencies: number[] = [];
  for (let i = 0; i < 51; i++) {
    await sleep(10);
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const startedAt = performance.now();
    await Promise.all([queue.publish('small', { version: 1, jobId: String(i) }), arrived]);
    latencies.push(performance.now() - startedAt);
  }
  await consumption.stop();
  return latencies.sort((a, b) => a - b)[25] ?? NaN;
}

function describe(name: string, figures: Figures): string[] {
  const whole = (figure: number) => Math.round(figure).toLocaleString('en');
  return [
    `${name}: ${whole(figures.confirmsPerSecond)} confirms/s with 200 in flight, ${whole(figures.confirmsPerSecondOneByOne)} one by one`,
    `${name}: ${whole(figures.jobsPerSecond)} jobs/s with 10 at a time, ${whole(figures.jobsPerSecondOneByOne)} one by one`,
    `${name}: ${figures.latencyMs.toFixed(1)} ms from publish to handler and confirm, idle, median`,
  ];
}

const log = createLogger({ level: 'error', name: 'bench', to: 'stderr' });

function openOnPostgres(url: string): JobQueue {
  const db = openDatabase({ url, maxConnections: 10, applicationName: 'epack-bench' });
  const notifications = createDatabaseListener({ url, log });
  const queue = createPostgresQueue({ db, notifications, log });
  return {
    ...queue,
    close: async () => {
      await queue.close();
      await notifications.close();
      await db.destroy();
    },
  };
}

/** Its empty queues remain. */
function openOnRabbit(url: string): JobQueue {
  return createRabbitQueue({ url, log, prefix: 'epack-bench' });
}
