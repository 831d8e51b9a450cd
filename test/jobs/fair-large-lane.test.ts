import { createLogger } from '../../shared/log';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { startWorker } from '../../worker/compose';
import { describeWithOwnRabbit } from '../setup/rabbitmq';
import { startTestServer, type TestServer } from '../setup/server';
import { createSolutionClient, type SolutionClient } from '../setup/solution-client';
import { enrol, reach2, signIn, tokenOf } from '../v4/on-server';
import { eventually } from '../queue/eventually';
import { call } from '../setup/solution-client';
import { zipOf } from '../v4/archive';

// Every upload is a large one, and a worker processes one at a time.
const settings = { EPACK_LARGE_PACKAGE_BYTES: '1', EPACK_WORKER_LARGE_JOBS: '1' };

const csv = () =>
  zipOf({ 'csv/Tbfridge.csv': 'Id,MeasuredAt,FridgeName,Temp\n1,2026-11-20 07:00,CF1,3.1\n' });

/** The solutions of the large jobs, in the order in which a worker finished them. */
const finishedInOrder = (server: TestServer) =>
  server
    .db('job')
    .join('sync', 'sync.id', 'job.sync_id')
    .where({ 'job.lane': 'large', 'job.state': 'done' })
    .orderBy('job.finished_at')
    .pluck<number[]>('sync.solution_id');

/** A new solution with a large upload on each of these channels, and after it another with one. */
async function twoSolutions(server: TestServer, channels: readonly ('synchro' | 'sondes' | 'messagerie')[]) {
  const busy = await enrol(server);
  const token = await tokenOf(server, busy);
  const other = await signIn(server);
  const clients: SolutionClient[] = channels.map((channel) =>
    createSolutionClient(server.url, token, channel),
  );
  for (const client of [...clients, other]) expect((await client.postForm(csv())).status).toBe(200);
  const allReach2 = () => Promise.all([...clients, other].map(reach2));
  return { busy: busy.id, other: other.id, allReach2 };
}

describe('with the queue in PostgreSQL', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(settings);
  });
  afterAll(() => server.stop());

  test('a solution with many large uploads does not make another wait for all of them', async () => {
    const { busy, other, allReach2 } = await twoSolutions(server, ['synchro', 'sondes']);
    await server.startWorker();
    await allReach2();
    expect(await finishedInOrder(server)).toEqual([busy, other, busy]);
  });

  test('a lost job is published again in the lane of its upload', async () => {
    await server.stopWorker();
    const { allReach2 } = await twoSolutions(server, ['synchro']);
    await server.db('job').whereNotNull('sync_id').where({ state: 'queued' }).delete();
    const jobs = createJobStore(server.db);
    expect(await jobs.requeueOrphans(0)).toBe(2);
    const lanes = await server.db('job').where({ state: 'queued' }).whereNotNull('sync_id').pluck('lane');
    expect(lanes).toEqual(['large', 'large']);
    await server.db('job').whereNotNull('sync_id').where({ state: 'queued' }).delete();
    expect(await jobs.requeueOrphans(10_000_000)).toBe(2);
    expect(await server.db('job').where({ state: 'queued' }).whereNotNull('sync_id').pluck('lane')).toEqual([
      'small',
      'small',
    ]);
    await server.startWorker();
    await allReach2();
  });
});

describeWithOwnRabbit('with RabbitMQ', (rabbit) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ ...settings, QUEUE_URL: rabbit().url });
    await eventually('the server is ready', async () => (await call(`${server.url}/readyz`)).status === 200);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.db('job').where({ lane: 'large' }).delete();
  });

  test('one worker takes a job of the other solution in between', async () => {
    const { busy, other, allReach2 } = await twoSolutions(server, ['synchro', 'sondes', 'messagerie']);
    await server.startWorker();
    await allReach2();
    await server.stopWorker();
    expect(await finishedInOrder(server)).toEqual([busy, other, busy, busy]);
  });

  test('two workers take one job of each solution: the job that arrived last is not the last one done', async () => {
    const { busy, other, allReach2 } = await twoSolutions(server, ['synchro', 'sondes', 'messagerie']);
    const log = createLogger({ level: 'silent', name: 'worker' });
    const workers = await Promise.all([1, 2].map(() => startWorker(server.config, server.databaseUrl, log)));
    await allReach2();
    for (const worker of workers) await worker.stop();
    const order = await finishedInOrder(server);
    expect([...order].sort()).toEqual([busy, busy, busy, other].sort());
    expect(order.indexOf(other)).toBeLessThan(3);
  });
});
