import { connect } from 'node:net';
import { once } from 'node:events';
import { onServer, signIn } from '../v4/on-server';
import { head, rawCall } from './raw-call';

const server = onServer();

/** Holds a raw answer to the form of a refusal. Answers its headers. */
function expectRefusal(answer: string, status: number, code: string): string {
  const [headers = '', body = ''] = answer.split('\r\n\r\n');
  expect(headers).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(headers).toMatch(/^Content-Type: application\/problem\+json$/m);
  expect(headers).toMatch(new RegExp(`^Content-Length: ${body.length}$`, 'm'));
  expect(headers).toMatch(/^Connection: close$/m);
  expect(headers).toMatch(/^X-Request-Id: [\w.:-]+$/m);
  expect(JSON.parse(body)).toMatchObject({ status, code });
  return headers;
}

describe('errors that Node would send by itself are problem documents', () => {
  test.each([
    ['garbage', 'PK\x03\x04\r\n\r\n'],
    ['a header that is none', 'GET /v4/synchro/statut HTTP/1.1\r\nHost: kitchen\r\nno header\r\n\r\n'],
    ['another protocol', 'GET /v4/synchro/statut HTTP/7.0\r\nHost: kitchen\r\n\r\n'],
    [
      'a length that is none',
      'POST /v4/synchro/login HTTP/1.1\r\nHost: kitchen\r\nContent-Length: x\r\n\r\n',
    ],
    ['two Hosts', 'GET /v4/synchro/statut HTTP/1.1\r\nHost: kitchen\r\nhost: other\r\n\r\n'],
    ['no Host', 'GET /v4/synchro/statut HTTP/1.1\r\n\r\n'],
    ['no Host, and a question', 'POST /v4/synchro/datas HTTP/1.1\r\nExpect: 100-continue\r\n\r\n'],
  ])('400 bad-request: %s', async (_what, bytes) => {
    expectRefusal(await rawCall(server().url, bytes), 400, 'bad-request');
  });

  test('431 head-too-large: headers without end', async () => {
    const request = head('GET', '/v4/synchro/statut', { 'X-More': 'x'.repeat(20_000) });
    expectRefusal(await rawCall(server().url, request), 431, 'head-too-large');
  });

  test('417 unknown-expectation, with the id of the caller', async () => {
    const request = head('POST', '/v4/synchro/login', {
      Expect: 'the-best',
      'X-Request-Id': 'kitchen-9',
      'Content-Length': '0',
    });
    const headers = expectRefusal(await rawCall(server().url, request), 417, 'unknown-expectation');
    expect(headers).toMatch(/^X-Request-Id: kitchen-9$/m);
  });
});

test('HTTP/1.0 needs no Host', async () => {
  expect(await rawCall(server().url, 'GET /readyz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});

test('garbage behind a request leaves its answer whole', async () => {
  const client = await signIn(server());
  // From now on the answer comes from memory, at once.
  await client.statut();
  const request = head('GET', '/v4/synchro/statut', client.authorized);
  const answer = await rawCall(server().url, `${request}garbage\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 200 .*"0"(HTTP\/1\.1 400 .*)?$/s);
});

test('a caller that resets its connection leaves the server as it was', async () => {
  const { port, hostname } = new URL(server().url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write('GET /v4');
  socket.resetAndDestroy();
  expect(await rawCall(server().url, 'GET /readyz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});
