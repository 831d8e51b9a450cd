import { readFileSync } from 'node:fs';
import path from 'node:path';
import { migrate, openDatabase } from '../../shared/db/database';
import { startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';
import { eventually } from '../queue/eventually';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { describeWithOwnRabbit } from '../setup/rabbitmq';
import { call } from '../setup/solution-client';
import { reach2, signIn } from '../v4/on-server';
import { archive, expectApplied, expectUnavailable, postUntilTaken, untilReady } from './applied';
import { createProcesses, type Processes, type RunningProcess } from './on-processes';

describe('PostgreSQL stops and starts again', () => {
  let folder: TestFolder;
  let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
  let processes: Processes;
  const start = () => startEmbeddedPostgres({ dataDir: path.join(folder.path, 'data') });

  beforeAll(async () => {
    folder = createTestFolder();
    postgres = await start();
    const db = openDatabase({ url: postgres.url, maxConnections: 2, applicationName: 'epack-test' });
    await migrate(db);
    await db.destroy();
    processes = await createProcesses({
      databaseUrl: postgres.url,
      environment: { EPACK_LEASE_SECONDS: '2', EPACK_UPLOAD_IDLE_SECONDS: '1' },
    });
    await Promise.all([processes.startApi(), processes.startWorker()]);
    await untilReady(processes);
  });
  afterAll(async () => {
    await processes.end();
    await postgres.stop();
    folder.remove();
  });

  test('while it is stopped, every call returns 503 unavailable and Retry-After; then everything goes on', async () => {
    const client = await signIn(processes);
    expect((await client.statut()).text).toBe('"0"');
    await postgres.stop();
    for (const call of [
      () => client.statut(),
      () => client.statut('?wait=1&not=1'),
      () => client.lastIdLogs(),
      () => client.listSyncParams(),
      () => client.postForm(archive),
      () => client.download(),
      () => client.confirm(),
      () => client.sync(),
      () => client.on('photos').photo('a.jpg'),
    ]) {
      expectUnavailable(await call());
    }
    const health = await call(`${processes.url}/healthz`);
    expect(health.status).toBe(200);
    expect((await call(`${processes.url}/readyz`)).status).toBe(503);
    postgres = await start();
    await untilReady(processes);
    expect((await client.postForm(archive)).status).toBe(200);
    await expectApplied(processes, [client]);
  });

  test('a poll that waits meanwhile gets the change', async () => {
    const client = await signIn(processes);
    const waiting = client.statut('?wait=60&not=0');
    await postgres.stop();
    postgres = await start();
    await untilReady(processes);
    await client.postForm(archive);
    const answer = await waiting;
    if (answer.status === 200) expect(answer.text).not.toBe('"0"');
    else expectUnavailable(answer);
    await expectApplied(processes, [client]);
  });

  test('stopped and killed in the middle of uploads and of processing, it loses nothing and doubles nothing', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => signIn(processes)));
    const posting = Promise.all(clients.map((client, n) => postUntilTaken(client, `key-${n}`)));
    await postgres.stop();
    postgres = await start();
    const [pid = ''] = readFileSync(
      path.join(folder.path, 'data', 'postgres', 'data', 'postmaster.pid'),
      'utf8',
    ).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    await posting;
    await expectApplied(processes, clients);
  });
});

describeWithOwnRabbit('RabbitMQ stops and starts again', (rabbit) => {
  let processes: Processes;
  beforeAll(async () => {
    processes = await createProcesses({ environment: { QUEUE_URL: rabbit().url, EPACK_LEASE_SECONDS: '2' } });
    await processes.startApi();
    await untilReady(processes);
    // A quorum queue of RabbitMQ 3.10 that is killed soon after its declaration has no leader any more.
    await rabbit().stop();
    await rabbit().start();
    await untilReady(processes);
  });
  afterAll(() => processes.end());

  let worker: RunningProcess | null = null;
  afterEach(async () => {
    await worker?.stop();
    worker = null;
  });

  test('with jobs waiting in it, killed: none is lost', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => signIn(processes)));
    for (const client of clients) expect((await client.postForm(archive)).status).toBe(200);
    await rabbit().kill();
    await rabbit().start();
    worker = await processes.startWorker();
    await expectApplied(processes, clients);
  });

  test('while it is stopped, an upload returns 503 unavailable and Retry-After and keeps nothing; the rest goes on', async () => {
    worker = await processes.startWorker();
    const client = await signIn(processes);
    const busy = await signIn(processes);
    await untilReady(processes);
    expect((await busy.postForm(archive)).status).toBe(200);
    await reach2(busy);
    await rabbit().stop();
    await eventually('the API knows', async () => (await call(`${processes.url}/readyz`)).status === 503);
    expectUnavailable(await client.postForm(archive));
    expect((await client.statut()).text).toBe('"0"');
    expect(await processes.db('sync').where({ solution_id: client.id })).toEqual([]);
    expect((await client.lastIdLogs()).status).toBe(200);
    expect((await busy.download()).status).toBe(200);
    expect((await busy.confirm()).status).toBe(200);
    await rabbit().start();
    await postUntilTaken(client, 'key');
    await expectApplied(processes, [client]);
  });

  test('stopped in the middle of uploads and of processing, it loses nothing and doubles nothing', async () => {
    worker = await processes.startWorker();
    const clients = await Promise.all(Array.from({ length: 12 }, () => signIn(processes)));
    await untilReady(processes);
    const posting = Promise.all(clients.map((client, n) => postUntilTaken(client, `key-${n}`)));
    await rabbit().kill();
    await rabbit().start();
    await posting;
    await expectApplied(processes, clients);
  });
});
