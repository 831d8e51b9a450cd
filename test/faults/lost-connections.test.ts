import { eventually } from '../queue/eventually';
import { openProxy, type Proxy } from '../queue/proxy';
import { call, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn } from '../v4/on-server';
import { createProcesses, holdTable, jobOf, type Processes } from './on-processes';

// The network between a process and PostgreSQL fails without a word: nothing is refused, nothing is closed.

let server: Processes;
let proxy: Proxy;
let throughProxy: NodeJS.ProcessEnv;
beforeEach(async () => {
  server = await createProcesses({ environment: { EPACK_LEASE_SECONDS: '55' } });
  proxy = await openProxy(server.databaseUrl);
  throughProxy = { DATABASE_URL: proxy.url };
});
afterEach(async () => {
  await server.end();
  await proxy.close();
});

const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) });
const readiness = () => call(`${server.url}/readyz`);
const ready = () => eventually('the API is ready', async () => (await readiness()).status === 200);

describe('connections are lost, and new ones are well', () => {
  test('every call of the API gets a response, and soon the right one', async () => {
    await server.startApi(throughProxy);
    const client = await signIn(server);
    await ready();
    const many = () => Promise.all(Array.from({ length: 30 }, () => client.lastIdLogs()));
    expect((await many()).map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200));
    proxy.lose();
    for (const { status } of await many()) expect([200, 503]).toContain(status);
    await eventually('it is well again', async () => (await client.lastIdLogs()).status === 200);
    await ready();
    for (const { status } of await many()) expect(status).toBe(200);
    expect((await client.statut()).text).toBe('"0"');
    expect((await client.postForm(archive)).status).toBe(200);
  });

  test('a worker does its sync again, long before its lease ends, and the attempt does not count', async () => {
    await server.startApi();
    await server.startWorker(throughProxy);
    const client = await signIn(server);
    await ready();
    const held = await holdTable(server.db, 'tbfridge');
    const sync = textOf((await client.postForm(archive)).json['sync']);
    await eventually('it runs', async () => (await jobOf(server.db, sync))?.state === 'running');
    await eventually('it waits for the table', async () => (await waiting()) > 0);
    proxy.lose();
    await eventually('it was given back', async () => ((await jobOf(server.db, sync))?.fence ?? 0) > 1);
    await held.release();
    await reach2(client);
    expect(await jobOf(server.db, sync)).toMatchObject({ state: 'done', attempts: 1 });
    expect(await server.db('tbfridge').where({ solution_id: client.id })).toHaveLength(3);
  });
});

describe('nothing is received, not even on new connections', () => {
  test('the API says at once that it cannot reach the database, and again that it can', async () => {
    await server.startApi(throughProxy);
    await ready();
    proxy.freeze();
    const { status, json } = await readiness();
    expect(status).toBe(503);
    expect(json).toEqual({ status: 'not ready' });
    proxy.thaw();
    await ready();
  });
});

async function waiting(): Promise<number> {
  const found = await server
    .db('pg_stat_activity')
    .whereRaw('datname = current_database()')
    .where({ application_name: 'epack-worker', wait_event_type: 'Lock' })
    .select('pid');
  return found.length;
}
