import { eventually } from '../queue/eventually';
import { describeWithRabbitCluster } from '../setup/rabbitmq';
import { call } from '../setup/solution-client';
import { signIn } from '../v4/on-server';
import {
  archive,
  type Client,
  expectApplied,
  expectUnavailable,
  postUntilTaken,
  untilReady,
} from './applied';
import { createProcesses, type Processes, type RunningProcess } from './on-processes';

describeWithRabbitCluster('RabbitMQ as a cluster of three nodes', (cluster) => {
  let processes: Processes;
  let worker: RunningProcess;
  beforeAll(async () => {
    processes = await createProcesses({
      environment: { QUEUE_URL: cluster().url, EPACK_LEASE_SECONDS: '2' },
    });
    [, worker] = await Promise.all([processes.startApi(), processes.startWorker()]);
    await untilReady(processes);
  });
  afterAll(() => processes.end());

  const solutions = (count: number): Promise<Client[]> =>
    Promise.all(Array.from({ length: count }, () => signIn(processes)));
  const postAll = (clients: readonly Client[]) =>
    Promise.all(clients.map((client) => postUntilTaken(client, 'key')));

  test('its leader is killed and stays away: uploads go on, and nothing is lost or doubled', async () => {
    const clients = await solutions(8);
    const posting = postAll(clients);
    const leader = await cluster().leaderOf('epack.small');
    await leader.kill();
    await posting;
    await expectApplied(processes, clients);
    const later = await solutions(2);
    await postAll(later);
    await expectApplied(processes, later);
    await leader.start();
    await cluster().join(leader);
  });

  test('a node that the others do not see any more is left, until it sees them again', async () => {
    const leader = await cluster().leaderOf('epack.small');
    await cluster().cutOff(leader);
    const clients = await solutions(4);
    await postAll(clients);
    await expectApplied(processes, clients);
    await cluster().join(leader);
    await untilReady(processes);
    const later = await solutions(2);
    await postAll(later);
    await expectApplied(processes, later);
  });

  test('while it is short of memory, an upload returns 503 unavailable and Retry-After; the rest goes on', async () => {
    const [client, busy] = await solutions(2);
    if (client === undefined || busy === undefined) throw new Error('Nobody has signed in.');
    await untilReady(processes);
    await cluster().setShortOfMemory(true);
    // RabbitMQ tells a connection when it next publishes. An upload that is stored by then is published later.
    expect([200, 503]).toContain((await client.postForm(archive, {}, { 'Idempotency-Key': 'key' })).status);
    await eventually('the API knows', async () => (await call(`${processes.url}/readyz`)).status === 503);
    expectUnavailable(await busy.postForm(archive));
    expect((await busy.statut()).text).toBe('"0"');
    expect((await busy.lastIdLogs()).status).toBe(200);
    await cluster().setShortOfMemory(false);
    await postAll([client, busy]);
    await expectApplied(processes, [client, busy]);
  });

  test('gone and back without any data: the jobs that waited in it are published again', async () => {
    await untilReady(processes);
    await worker.stop();
    const clients = await solutions(3);
    await postAll(clients);
    await cluster().startAnew();
    worker = await processes.startWorker();
    await expectApplied(processes, clients);
  });
});
