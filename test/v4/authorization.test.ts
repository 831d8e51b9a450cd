import fc from 'fast-check';
import { channels } from '../../shared/domain/channel';
import { call, createSolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { handmadeToken } from './jwt';
import { enrol, expectProblem, onServer, signIn, storedFiles, syncTo2, tokenOf } from './on-server';

const key = 'a key of more than thirty-two characters';
const server = onServer({ EPACK_TOKEN_SECRET: key });

/** Every call but login. */
const routes: readonly (readonly [method: string, path: string])[] = [
  ['GET', 'statut'],
  ['GET', 'statut?wait=1&not=1'],
  ['GET', 'lastIdLogs'],
  ['GET', 'listSyncParams'],
  ['POST', 'datas'],
  ['GET', 'datas'],
  ['HEAD', 'datas'],
  ['POST', 'confirm'],
  ['GET', 'sync'],
  ['POST', 'uploads'],
  ['OPTIONS', 'uploads'],
  ['HEAD', 'uploads/1-synchro-0b6f2f2a-6a8e-4c9c-9a44-111111111111'],
  ['PATCH', 'uploads/1-synchro-0b6f2f2a-6a8e-4c9c-9a44-111111111111'],
  ['DELETE', 'uploads/1-synchro-0b6f2f2a-6a8e-4c9c-9a44-111111111111'],
  ['GET', 'files/label.jpg'],
  ['GET', 'nothing-here'],
];

describe('Authorization: Bearer <token> on every call but login', () => {
  test.each(routes)(
    '%s %s without one: 401 unauthorized, with WWW-Authenticate: Bearer',
    async (method, path) => {
      const answer = await call(`${server().url}/v4/synchro/${path}`, { method });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      if (method !== 'HEAD') expectProblem(answer, 401, 'unauthorized');
    },
  );

  test.each([
    ['empty', () => ''],
    ['no scheme', (token: string) => token],
    ['another scheme', (token: string) => `Basic ${token}`],
    ['no token', () => 'Bearer '],
    ['no JWT', () => 'Bearer x.y.z'],
    ['cut', (token: string) => `Bearer ${token.slice(0, -1)}`],
    ['with something behind it', (token: string) => `Bearer ${token} x`],
    [
      'signed by another',
      (_: string, id: number) => `Bearer ${handmadeToken('x'.repeat(40), { aud: String(id) })}`,
    ],
    ['not signed', (_: string, id: number) => `Bearer ${handmadeToken(key, { aud: String(id) }, 'none')}`],
    [
      'of another algorithm',
      (_: string, id: number) => `Bearer ${handmadeToken(key, { aud: String(id) }, 'HS512')}`,
    ],
    [
      'expired',
      (_: string, id: number) => `Bearer ${handmadeToken(key, { aud: String(id), exp: 1_700_000_000 })}`,
    ],
    [
      'not valid yet',
      (_: string, id: number) => `Bearer ${handmadeToken(key, { aud: String(id), nbf: 4_000_000_000 })}`,
    ],
    [
      'for ever',
      (_: string, id: number) => `Bearer ${handmadeToken(key, { aud: String(id), exp: undefined })}`,
    ],
    ['for nobody', () => `Bearer ${handmadeToken(key, {})}`],
    ['for a solution that is not there', () => `Bearer ${handmadeToken(key, { aud: '999999' })}`],
    [
      'for something else than a solution',
      () => `Bearer ${handmadeToken(key, { aud: '1; drop table solution' })}`,
    ],
  ])('a token that is %s: 401, by memory and by the database', async (_what, authorization) => {
    const solution = await enrol(server());
    const token = await tokenOf(server(), solution);
    const good = createSolutionClient(server().url, token);
    const headers = { Authorization: authorization(token, solution.id) };
    for (let turn = 0; turn < 2; turn += 1) {
      expectProblem(await good.send('statut', { headers }), 401, 'unauthorized');
      expectProblem(await good.send('lastIdLogs', { headers }), 401, 'unauthorized');
      expect((await good.statut()).status).toBe(200);
    }
  });

  test('a handmade valid token is accepted, so the tokens above are refused for the named reasons', async () => {
    const solution = await enrol(server());
    const headers = { Authorization: `bearer ${handmadeToken(key, { aud: String(solution.id) })}` };
    expect((await call(`${server().url}/v4/synchro/statut`, { headers })).status).toBe(200);
  });
});

describe('unknown paths and methods', () => {
  test.each(routes)('%s of an unknown channel: 404 unknown-channel', async (method, path) => {
    const client = await signIn(server());
    for (const channel of ['synchros', 'SYNCHRO', 'constructor', '%00']) {
      const answer = await call(`${server().url}/v4/${channel}/${path}`, {
        method,
        headers: client.authorized,
      });
      expect(answer.status).toBe(404);
      if (method !== 'HEAD') expectProblem(answer, 404, 'unknown-channel');
    }
  });

  test('an unknown path: 404 not-found', async () => {
    const client = await signIn(server());
    expectProblem(await client.send('nothing-here'), 404, 'not-found');
    expectProblem(await client.send('nothing-here', { method: 'POST' }), 404, 'not-found');
    expectProblem(await client.send('statuts'), 404, 'not-found');
    expectProblem(await client.send('datas/more'), 404, 'not-found');
    expectProblem(await call(`${server().url}/v4`), 404, 'not-found');
    expectProblem(await call(`${server().url}/v5/synchro/statut`), 404, 'not-found');
  });

  test.each([
    ['PUT', 'datas', 'POST, GET, HEAD'],
    ['DELETE', 'datas', 'POST, GET, HEAD'],
    ['POST', 'statut', 'GET, HEAD'],
    ['OPTIONS', 'statut', 'GET, HEAD'],
    ['OPTIONS', 'sync', 'GET, HEAD'],
    ['GET', 'confirm', 'POST'],
    ['HEAD', 'confirm', 'POST'],
    ['POST', 'lastIdLogs/', 'GET, HEAD'],
    ['GET', 'login', 'POST'],
    ['PUT', 'uploads', 'OPTIONS, POST'],
    ['POST', 'uploads/1', 'OPTIONS, HEAD, PATCH, DELETE'],
    ['PROPFIND', 'files/a.jpg', 'GET, HEAD'],
  ])('%s %s: 405 method-not-allowed, with the methods that it has', async (method, path, allow) => {
    const client = await signIn(server(), 'photos');
    const answer = await client.send(path, { method });
    expect([answer.status, answer.headers.allow]).toEqual([405, allow]);
    if (method !== 'HEAD') expectProblem(answer, 405, 'method-not-allowed');
  });

  test('the methods of a path are shown only with a token, except for login', async () => {
    expectProblem(await call(`${server().url}/v4/synchro/datas`, { method: 'PUT' }), 401, 'unauthorized');
    expectProblem(await call(`${server().url}/v4/synchro/login`), 405, 'method-not-allowed');
    expectProblem(await call(`${server().url}/v4/nowhere/login`), 404, 'unknown-channel');
  });

  test('a path that cannot be decoded is a bad request', async () => {
    const client = await signIn(server(), 'photos');
    expectProblem(await client.send('files/%E0%A4%A'), 400, 'bad-request');
  });

  test('the interface of staff refuses a solution’s token', async () => {
    const client = await signIn(server());
    expect((await call(`${server().url}/api/solutions`, { headers: client.authorized })).status).toBe(401);
  });
});

describe('errors', () => {
  test('every answer carries X-Request-Id: the caller’s, if it sent a sane one', async () => {
    const client = await signIn(server());
    for (const path of ['lastIdLogs', 'datas', 'sync', 'uploads', 'nothing-here', 'files/x.jpg']) {
      const sane = await client.send(path, { headers: { 'X-Request-Id': 'a.b:c-d_42' } });
      expect(sane.headers['x-request-id']).toBe('a.b:c-d_42');
      const long = await client.send(path, { headers: { 'X-Request-Id': 'x'.repeat(200) } });
      expect(long.headers['x-request-id']).toMatch(/^[\w.:-]{1,128}$/);
    }
    const anonymous = await call(`${server().url}/v4/synchro/statut`, {
      headers: { 'X-Request-Id': 'mine' },
    });
    expect(anonymous.headers['x-request-id']).toBe('mine');
  });

  test('an unforeseen error is a 500 that does not reveal its cause', async () => {
    const client = await signIn(server());
    await server().db.raw('alter table sync rename to sync_away');
    try {
      const answer = await client.sync();
      expectProblem(answer, 500, 'internal');
      expect(answer.text).not.toMatch(/sync_away|relation|column|knex/);
    } finally {
      await server().db.raw('alter table sync_away rename to sync');
    }
  });
});

describe('a token gives access to its own solution only', () => {
  test('whatever A asks for, and whatever it calls it, it never gets or changes anything of B’s', async () => {
    await server().startWorker();
    const a = await signIn(server());
    const b = await signIn(server());
    const secret = 'a word of B’s that must never come out';
    const log = `Id,MeasuredAt,FridgeName,Temp\r\n77,2026-11-20 07:31:00,${secret},3\r\n`;
    const syncOfB = await syncTo2(b, zipOf({ 'csv/Tbfridge.csv': log, [`${secret}.txt`]: secret }));
    const upload = await b.on('sondes').send('uploads', {
      method: 'POST',
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '5' },
    });
    const uploadOfB = textOf(upload.headers.location).split('/').at(-1) ?? '';
    const state = async () => ({
      statuts: await Promise.all(channels.map(async (channel) => (await b.on(channel).statut()).text)),
      rows: await server().db('sync').where({ solution_id: b.id }).select('id', 'state'),
      files: (await storedFiles(server())).filter(
        (file) => file.includes(syncOfB) || file.includes(uploadOfB),
      ),
    });
    const before = await state();
    expect(before.statuts).toEqual(['"2"', '"0"', '"0"', '"0"']);
    expect(before.files.length).toBeGreaterThan(2);

    const names = fc.constantFrom(
      uploadOfB,
      syncOfB,
      `${b.id}`,
      `${a.id}-sondes-x%2F..%2F${uploadOfB}`,
      `..%2F..%2Fuploads%2F${syncOfB}%2Farchive.zip`,
      encodeURIComponent(secret),
    );
    const places = fc.constantFrom('datas', 'sync', 'statut', 'uploads', 'files', 'confirm', 'lastIdLogs');
    const asked = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'DELETE'),
      channel: fc.constantFrom(...channels),
      place: places,
      name: fc.option(names),
      body: fc.constantFrom(undefined, JSON.stringify({ sync: syncOfB }), 'hello'),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, channel, place, name, body }) => {
        const answer = await a.on(channel).send(`${place}${name === null ? '' : `/${name}`}`, {
          method,
          headers: {
            'Content-Type': method === 'PATCH' ? 'application/offset+octet-stream' : 'application/json',
            'Tus-Resumable': '1.0.0',
            'Upload-Offset': '0',
            'Upload-Length': '5',
          },
          ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
        });
        expect(answer.status).toBeLessThan(500);
        expect(answer.text).not.toContain(secret);
        expect(answer.text).not.toContain(syncOfB);
        expect(JSON.stringify(answer.headers)).not.toContain(syncOfB);
      }),
      { numRuns: 300 },
    );
    expect(await state()).toEqual(before);
    await server().stopWorker();
  });

  test('A’s logs and B’s logs, of the same ids, are two', async () => {
    await server().startWorker();
    const a = await signIn(server());
    const b = await signIn(server());
    await syncTo2(a, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 900) }));
    await syncTo2(b, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
    await a.confirm();
    await b.confirm();
    expect((await a.lastIdLogs()).json['Tbfridge']).toBe('900');
    expect((await b.lastIdLogs()).json['Tbfridge']).toBe('2');
    await server().stopWorker();
  });
});
