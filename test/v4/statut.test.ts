import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { composeApi } from '../../api/compose';
import { channels } from '../../shared/domain/channel';
import type { Logger } from '../../shared/log';
import { createStatusStore } from '../../shared/stores/syncs/status-store';
import { head, rawCall } from '../hostile/raw-call';
import { eventually } from '../queue/eventually';
import { answerTo, open, type SolutionClient } from '../setup/solution-client';
import { zipOf } from './archive';
import { expectProblem, onServer, reach2, signIn, syncTo2 } from './on-server';

const server = onServer();

/** Takes the channel as an upload does. */
const claim = (client: SolutionClient & { id: number }) =>
  createStatusStore(server().db).claim(
    { solutionId: client.id, channel: 'synchro' },
    { syncId: randomUUID(), idempotencyKey: null, receivingSeconds: 60 },
  );

describe('GET /v4/{channel}/statut', () => {
  afterEach(() => server().stopWorker());

  test('returns "0", "1" or "2" as a JSON string, and names the sync in Epack-Sync if there is one', async () => {
    const client = await signIn(server());
    const idle = await client.statut();
    expect(idle).toMatchObject({ status: 200, text: '"0"' });
    expect(idle.headers['content-type']).toMatch(/^application\/json/);
    expect(idle.headers['epack-sync']).toBeUndefined();

    const sync = (await client.postForm(zipOf())).json['sync'];
    const received = await client.statut();
    expect(received).toMatchObject({ text: '"1"', headers: { 'epack-sync': sync } });

    await server().startWorker();
    await reach2(client);
    expect(await client.statut()).toMatchObject({ text: '"2"', headers: { 'epack-sync': sync } });

    await client.confirm();
    expect(await client.statut()).toMatchObject({ text: '"0"', headers: { 'epack-sync': sync } });
  });

  test('each channel of a solution has its own', async () => {
    const client = await signIn(server());
    await client.on('photos').postForm(zipOf());
    const statuts = await Promise.all(
      channels.map(async (channel) => (await client.on(channel).statut()).text),
    );
    expect(Object.fromEntries(channels.map((channel, index) => [channel, statuts[index]]))).toEqual({
      synchro: '"0"',
      sondes: '"0"',
      messagerie: '"0"',
      photos: '"1"',
    });
  });

  test('after a response of the server, a poll never returns the earlier status', async () => {
    await server().startWorker();
    const client = await signIn(server());
    for (let round = 0; round < 25; round += 1) {
      expect((await client.postForm(Buffer.from('no zip'))).status).toBe(415);
      expect((await client.statut()).text).toBe('"0"');
      expect((await client.postForm(zipOf())).status).toBe(200);
      expect((await client.statut()).text).not.toBe('"0"');
      await reach2(client);
      expect((await client.confirm()).status).toBe(200);
      expect((await client.statut()).text).toBe('"0"');
      expect((await client.lastIdLogs()).status).toBe(200);
    }
  });

  test('Epack-Poll-After says in whole seconds when the next poll is worth making', async () => {
    const client = await signIn(server());
    const { headers } = await client.statut();
    expect(headers['epack-poll-after']).toMatch(/^[1-9]\d*$/);
  });

  test('Epack-Poll-After has jitter, and is shorter while a package is being processed than when nothing is', async () => {
    const client = await signIn(server());
    const secondsOf = async () => {
      const seconds: number[] = [];
      for (let poll = 0; poll < 30; poll += 1)
        seconds.push(Number((await client.statut()).headers['epack-poll-after']));
      return seconds;
    };
    const idle = await secondsOf();
    expect(new Set(idle).size).toBeGreaterThan(1);
    await client.postForm(zipOf());
    const busy = await secondsOf();
    expect(Math.max(...busy)).toBeLessThan(Math.min(...idle));
  });

  test('X-Request-Id is the caller’s, if it sent a sane one', async () => {
    const client = await signIn(server());
    for (const query of ['', '?wait=1&not=2']) {
      expect((await client.statut(query, { 'X-Request-Id': 'kitchen-7:42' })).headers['x-request-id']).toBe(
        'kitchen-7:42',
      );
      const own = (await client.statut(query, { 'X-Request-Id': 'with space' })).headers['x-request-id'];
      expect(own).toMatch(/^[\w.:-]+$/);
      expect((await client.statut(query)).headers['x-request-id']).not.toBe(own);
    }
  });
});

describe('?wait=S&not=N', () => {
  test('returns at once if the status already differs from N', async () => {
    const client = await signIn(server());
    expect((await client.statut('?wait=60&not=1')).text).toBe('"0"');
  });

  test('returns as soon as the status changes during the wait', async () => {
    const client = await signIn(server());
    const waiting = client.statut('?wait=60&not=0');
    await claim(client);
    expect((await waiting).text).toBe('"1"');
  });

  test('returns to all who wait, even if the change happens just as they begin', async () => {
    for (let round = 0; round < 20; round += 1) {
      const client = await signIn(server());
      await client.statut();
      const [, ...answers] = await Promise.all([
        claim(client),
        ...Array.from({ length: 5 }, () => client.statut('?wait=60&not=0')),
      ]);
      expect(answers.map(({ text }) => text)).toEqual(['"1"', '"1"', '"1"', '"1"', '"1"']);
    }
  });

  test('returns after S seconds with the current status', async () => {
    const client = await signIn(server());
    expect((await client.statut('?wait=1&not=0')).text).toBe('"0"');
  });

  test('without `not`, waits for a change of the current status', async () => {
    const client = await signIn(server());
    const waiting = client.statut('?wait=60');
    // The wait begins with a read, so that it must have begun before the change.
    await client.statut('?wait=1&not=0');
    await claim(client);
    expect((await waiting).text).toBe('"1"');
  });

  test('`not` without `wait` returns at once', async () => {
    expect((await (await signIn(server())).statut('?not=0')).text).toBe('"0"');
  });

  test.each([
    'wait=0',
    'wait=61',
    'wait=-1',
    'wait=1.5',
    'wait=x',
    'wait=',
    'wait=10&not=3',
    'wait=10&not=x',
    'not=',
  ])('accepts 1 ≤ S ≤ 60 and a status: ?%s is a bad request', async (query) => {
    expectProblem(await (await signIn(server())).statut(`?${query}`), 400, 'bad-request');
  });

  test('a caller that disconnects in the middle leaves nothing behind, and the server goes on', async () => {
    const client = await signIn(server());
    for (let round = 0; round < 20; round += 1) {
      const sent = open(`${client.base}/statut?wait=60&not=0`, 'GET', client.authorized);
      const answer = answerTo(sent);
      sent.end();
      if (round % 2 === 0) await client.statut();
      sent.destroy();
      await expect(answer).rejects.toThrow();
    }
    await claim(client);
    await eventually('the change is seen', async () => (await client.statut()).text === '"1"');
  });

  test('needs a token like any other call', async () => {
    const client = await signIn(server());
    expectProblem(await client.statut('?wait=1', { Authorization: 'Bearer x' }), 401, 'unauthorized');
  });
});

describe('the same poll, written in another way', () => {
  test('HEAD returns what GET returns, without the body', async () => {
    const client = await signIn(server());
    await claim(client);
    const [get, short] = [await client.statut(), await client.send('statut', { method: 'HEAD' })];
    expect([short.status, short.text]).toEqual([200, '']);
    for (const name of ['content-type', 'content-length', 'cache-control', 'epack-sync'])
      expect([name, short.headers[name]]).toEqual([name, get.headers[name]]);
    expect(short.headers['epack-poll-after']).toMatch(/^[1-9]\d*$/);
    const headers = { 'X-Request-Id': 'kitchen-8' };
    const waited = await client.send('statut?wait=60&not=2', { method: 'HEAD', headers });
    expect(waited.headers['x-request-id']).toBe('kitchen-8');
    expect((await client.send('statut?wait=0', { method: 'HEAD' })).status).toBe(400);
    const stranger = { Authorization: 'Bearer x' };
    expect((await client.send('statut', { method: 'HEAD', headers: stranger })).status).toBe(401);
  });

  test.each([
    ['a slash at its end', '/v4/synchro/statut/'],
    ['a channel with escapes', '/v4/s%79nchro/statut?wait=1&not=1'],
    ['the absolute form', 'http://epack.example/v4/synchro/statut?wait=1&not=1'],
  ])('%s', async (_what, path) => {
    const client = await signIn(server());
    const ask = { ...client.authorized, Connection: 'close' };
    expect(await rawCall(server().url, head('GET', path, ask))).toMatch(/^HTTP\/1\.1 200 .*"0"$/s);
  });
});

test('the status moves through a whole sync, and waiting polls get each change', async () => {
  await server().startWorker();
  const client = await signIn(server());
  const seen: string[] = [];
  const watching = (async () => {
    for (let last = '0'; seen.at(-1) !== '"2"';) {
      seen.push((await client.statut(`?wait=20&not=${last}`)).text);
      last = seen.at(-1)?.replaceAll('"', '') ?? '';
    }
  })();
  await syncTo2(client, zipOf());
  await watching;
  expect(seen.at(-1)).toBe('"2"');
  await server().stopWorker();
});

describe('a poll that fails for an unforeseen reason', () => {
  test('is in the log, although Express never sees it', async () => {
    const client = await signIn(server());
    const told: object[] = [];
    const quiet = () => undefined;
    const log: Logger = {
      error: (fields) => told.push(fields),
      warn: quiet,
      info: quiet,
      debug: quiet,
      child: () => log,
    };
    const api = await composeApi(server().config, server().databaseUrl, log);
    api.server.listen(0, '127.0.0.1');
    await once(api.server, 'listening');
    const { port } = api.server.address() as AddressInfo;
    const poll = () =>
      fetch(`http://127.0.0.1:${port}/v4/synchro/statut`, {
        headers: { ...client.authorized, 'X-Request-Id': 'kitchen-7' },
      });
    await server().db.schema.renameTable('channel_status', 'elsewhere');
    const failed = await poll().finally(() => server().db.schema.renameTable('elsewhere', 'channel_status'));
    expect(failed.status).toBe(500);
    expect(told).toMatchObject([{ requestId: 'kitchen-7', method: 'GET', path: '/v4/synchro/statut' }]);
    api.server.close();
    api.server.closeAllConnections();
    await api.close();
  });
});
