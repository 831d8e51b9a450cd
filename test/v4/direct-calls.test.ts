import { type Answer, call, type Call } from '../setup/solution-client';
import { zipOf } from './archive';
import { onServer, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });

/** What must not depend on how a call was found. Ids and times differ from call to call. */
const seenOf = ({ status, text, headers }: Answer) => ({
  status,
  text,
  headers: Object.keys(headers).sort(),
});

/** The same call in the form that solutions send, and with a slash at its end, which Express finds. */
async function bothForms(path: string, what: Call = {}) {
  const url = `${server().url}/v4/${path}`;
  return [seenOf(await call(url, what)), seenOf(await call(`${url}/`, what))] as const;
}

describe('a call in the form that solutions send gets the response that Express gives to any other form', () => {
  test('in the handshake', async () => {
    const { authorized } = await signIn(server());
    for (const verb of ['lastIdLogs', 'listSyncParams']) {
      const [usual, other] = await bothForms(`synchro/${verb}`, { headers: authorized });
      expect(usual.status).toBe(200);
      expect(usual).toEqual(other);
    }
  });

  test('for a package', async () => {
    const client = await signIn(server());
    await syncTo2(client, zipOf({}));
    const [usual, other] = await bothForms('synchro/datas', { headers: client.authorized });
    expect(usual.status).toBe(200);
    expect(usual).toEqual(other);
  });

  test('for refusals: no token, wrong status, no such credentials, a wrong archive, an unreadable body', async () => {
    const { authorized } = await signIn(server());
    const refusals: [number, string, Call][] = [
      [401, 'synchro/lastIdLogs', {}],
      [401, 'synchro/datas', { method: 'POST', body: 'x' }],
      [403, 'synchro/datas', { headers: authorized }],
      [403, 'synchro/confirm', { method: 'POST', headers: authorized }],
      [400, 'synchro/confirm', { method: 'POST', headers: authorized, body: '{' }],
      [400, 'synchro/login', { method: 'POST', body: JSON.stringify({ mail_solution: 'x', MAC: 'y' }) }],
      [
        415,
        'synchro/datas',
        { method: 'POST', headers: { ...authorized, 'Content-Type': 'application/zip' }, body: 'no zip' },
      ],
    ];
    for (const [status, path, what] of refusals) {
      const [usual, other] = await bothForms(path, what);
      expect([path, usual.status]).toEqual([path, status]);
      expect(usual).toEqual(other);
    }
  });

  test('and another method, another channel and HEAD are what they always were', async () => {
    const { authorized } = await signIn(server());
    const url = (path: string) => `${server().url}/v4/${path}`;
    const statusOf = async (path: string, method: string) =>
      (await call(url(path), { method, headers: authorized })).status;
    expect(await statusOf('synchro/lastIdLogs', 'POST')).toBe(405);
    expect(await statusOf('dance/lastIdLogs', 'GET')).toBe(404);
    expect(await statusOf('synchro/lastIdLogs', 'HEAD')).toBe(200);
    expect(await statusOf('synchro/toString', 'GET')).toBe(404);
  });
});
