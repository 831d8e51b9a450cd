import { request } from 'node:http';
import { eventually } from '../queue/eventually';
import { createProcesses, holdTable, jobOf, type Processes } from '../faults/on-processes';
import { answerTo, call, formOf, open, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn } from '../v4/on-server';
import { metricsToken, scrape } from './scrape';

// SIGTERM, as a deployment sends it: what is under way ends well, and nothing new begins.

let server: Processes;
afterEach(() => server.end());

async function start(environment: NodeJS.ProcessEnv = {}) {
  server = await createProcesses({ environment });
  const api = await server.startApi();
  await eventually('the server is ready', async () => (await call(`${server.url}/readyz`)).status === 200);
  return api;
}

describe('an API that is being stopped', () => {
  test('finishes an upload that has begun, and accepts no further connection', async () => {
    const api = await start();
    const client = await signIn(server);
    const { body, headers } = formOf(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    const sent = open(`${client.base}/datas`, 'POST', {
      ...client.authorized,
      ...headers,
      'Content-Length': String(body.length),
    });
    const answer = answerTo(sent);
    sent.write(body.subarray(0, 100));
    await eventually('it is being received', async () => (await client.statut()).text === '"1"');
    const stopped = api.stop();
    await eventually('no further call is taken', () =>
      call(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    sent.end(body.subarray(100));
    const { status, json } = await answer;
    expect(status).toBe(200);
    await stopped;
    expect(await jobOf(server.db, textOf(json['sync']))).toMatchObject({ state: 'queued' });
  });

  test('returns the present status to waiting polls at once', async () => {
    const api = await start({ EPACK_METRICS_TOKEN: metricsToken });
    const client = await signIn(server);
    const poll = client.statut('?wait=60&not=0');
    const other = client.on('photos').statut('?wait=60');
    await eventually('both wait', async () => (await scrape(server.url)).value('epack_polls_waiting') === 2);
    const stopped = api.stop();
    expect((await poll).text).toBe('"0"');
    expect((await other).text).toBe('"0"');
    await stopped;
  });

  test('refuses a new upload on an open connection, and closes the connection', async () => {
    const api = await start();
    const client = await signIn(server);
    const { body, headers } = formOf(zipOf());
    const first = open(`${client.base}/datas`, 'POST', {
      ...client.authorized,
      ...headers,
      'Content-Length': String(body.length),
    });
    const answer = answerTo(first);
    first.write(body.subarray(0, 50));
    await eventually('it is being received', async () => (await client.statut()).text === '"1"');
    // A second request waits on a connection of its own that is already accepted, its head not yet whole.
    const late = request(`${client.on('photos').base}/datas`, {
      method: 'POST',
      agent: false,
      headers: {
        ...client.authorized,
        ...headers,
        'Content-Length': String(body.length),
        Expect: '100-continue',
      },
    });
    const socket = await new Promise<{ write(text: string): boolean }>((resolve) =>
      late.once('socket', resolve),
    );
    expect(socket).toBeDefined();
    const stopped = api.stop();
    const refused = answerTo(late).catch(() => null);
    late.end();
    first.end(body.subarray(50));
    expect((await answer).status).toBe(200);
    // Either it was accepted before, and is told to come again, or it finds nobody.
    const told = await refused;
    if (told !== null) {
      expect(told.status).toBe(503);
      expect(told.headers['retry-after']).toBeDefined();
      expect(told.headers['connection']).toBe('close');
    }
    await stopped;
    const status = await server
      .db('channel_status')
      .where({ solution_id: client.id, channel: 'photos' })
      .first<{ statut: number }>();
    expect(status.statut).toBe(0);
  });

  test('does not wait for ever: an upload that has stopped is cut off, and its channel is free', async () => {
    const api = await start({ EPACK_DRAIN_SECONDS: '1' });
    const client = await signIn(server);
    const { body, headers } = formOf(zipOf());
    const sent = open(`${client.base}/datas`, 'POST', {
      ...client.authorized,
      ...headers,
      'Content-Length': String(body.length),
    });
    const answer = answerTo(sent);
    sent.write(body.subarray(0, 50));
    await eventually('it is being received', async () => (await client.statut()).text === '"1"');
    const cut = expect(answer).rejects.toThrow();
    await api.stop();
    await cut;
    expect(await server.db('sync').where({ solution_id: client.id })).toEqual([]);
    expect(await server.db('channel_status').where({ solution_id: client.id, statut: 1 })).toEqual([]);
  });
});

describe('a worker that is being stopped', () => {
  test('finishes the job that it holds', async () => {
    await start();
    const worker = await server.startWorker();
    const client = await signIn(server);
    const held = await holdTable(server.db, 'tbfridge');
    const posted = await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
    const sync = textOf(posted.json['sync']);
    await eventually('it runs', async () => (await jobOf(server.db, sync))?.state === 'running');
    const stopped = worker.stop();
    await held.release();
    await stopped;
    expect(await jobOf(server.db, sync)).toEqual({ state: 'done', attempts: 1, fence: 1 });
    expect((await client.statut()).text).toBe('"2"');
  });

  test('gives back a job that takes too long without counting an attempt; another worker finishes it, once', async () => {
    await start();
    const worker = await server.startWorker({ EPACK_DRAIN_SECONDS: '1', EPACK_LEASE_SECONDS: '50' });
    const client = await signIn(server);
    const held = await holdTable(server.db, 'tbfridge');
    const posted = await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
    const sync = textOf(posted.json['sync']);
    await eventually('it runs', async () => (await jobOf(server.db, sync))?.state === 'running');
    await worker.stop();
    expect(await jobOf(server.db, sync)).toEqual({ state: 'queued', attempts: 0, fence: 1 });
    await held.release();
    await server.startWorker();
    await reach2(client);
    expect(await jobOf(server.db, sync)).toEqual({ state: 'done', attempts: 1, fence: 2 });
    const [{ n } = { n: 0 }] = await server
      .db('tbfridge')
      .where({ solution_id: client.id })
      .count<{ n: string }[]>('* as n');
    expect(Number(n)).toBe(2);
  });
});
