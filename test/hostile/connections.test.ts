import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { isThisMachine, limitConnections } from '../../api/http/connection-limit';
import { trustIn } from '../../api/http/trusted-proxies';
import { eventually } from '../queue/eventually';
import { answerTo, call, open } from '../setup/solution-client';
import { zipOf } from '../v4/archive';
import { expectProblem, onServer, signIn } from '../v4/on-server';
import { randomBytes } from 'node:crypto';
import { mostWaitsPerChannel } from '../../api/services/statut-waits';

describe('the connections of one address', () => {
  const mostOfOne = 8;
  const seen = { refused: 0, lines: [] as unknown[] };
  const opened: Socket[] = [];
  let server: Server;

  beforeAll(async () => {
    server = createServer((_request, response) => response.end('here'));
    limitConnections(server, {
      mostOfOne,
      standsForMany: trustIn(['127.0.0.3']),
      countRefused: () => (seen.refused += 1),
      log: { warn: (fields) => seen.lines.push(fields) },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of opened) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  /** Holds a connection from one of this machine's addresses. Resolves with whether the server lets it stay. */
  async function hold(localAddress: string): Promise<{ socket: Socket; stays: boolean }> {
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, localAddress });
    opened.push(socket);
    const stays = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('data', () => resolve(true));
      socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    });
    return { socket, stays };
  }

  test('are limited: one more is closed, counted and reported once; when one ends, the next is accepted', async () => {
    const held = await Promise.all(Array.from({ length: mostOfOne }, () => hold('127.0.0.1')));
    expect(held.every(({ stays }) => stays)).toBe(true);
    expect((await hold('127.0.0.1')).stays).toBe(false);
    expect((await hold('127.0.0.1')).stays).toBe(false);
    expect(seen).toEqual({ refused: 2, lines: [{ address: '127.0.0.1', most: mostOfOne }] });
    held[0]?.socket.destroy();
    await eventually('one has left', async () => (await hold('127.0.0.1')).stays);
  });

  test('do not limit another address, nor a proxy of many clients', async () => {
    expect((await hold('127.0.0.2')).stays).toBe(true);
    const ofProxy = await Promise.all(Array.from({ length: mostOfOne + 4 }, () => hold('127.0.0.3')));
    expect(ofProxy.every(({ stays }) => stays)).toBe(true);
  });
});

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['192.0.2.1', false],
  ['2001:db8::1', false],
])('%s is this machine: %s', (address, is) => {
  expect(isThisMachine(address)).toBe(is);
});

test.each([
  [0, '192.0.2.1', false],
  [1, '192.0.2.1', true],
  [['10.0.0.0/8', 'fd00::/8'], '10.1.2.3', true],
  [['10.0.0.0/8', 'fd00::/8'], '::ffff:10.1.2.3', true],
  [['10.0.0.0/8', 'fd00::/8'], 'fd00::7', true],
  [['10.0.0.0/8', 'fd00::/8'], '192.0.2.1', false],
  [['192.0.2.1'], '192.0.2.1', true],
  [['192.0.2.1'], 'unknown', false],
])('of the proxies %j, %s is trusted: %s', (proxies, address, is) => {
  expect(trustIn(proxies)(address)).toBe(is);
});

describe('a server', () => {
  // Behind a proxy, so that each caller can have an address of its own.
  const server = onServer({ EPACK_TRUST_PROXY: '1' });

  test('limits the waiting calls of a channel: the one that has waited longest gets the current status', async () => {
    const client = await signIn(server());
    const told: string[] = [];
    const polls = Array.from({ length: mostWaitsPerChannel + 3 }, () =>
      client.statut('?wait=60&not=0').then(({ text }) => told.push(text)),
    );
    await eventually('those beyond are told', () => told.length === 3);
    expect(told).toEqual(['"0"', '"0"', '"0"']);
    await client.postForm(zipOf());
    await Promise.all(polls);
    expect(told.slice(3)).toEqual(Array.from({ length: mostWaitsPerChannel }, () => '"1"'));
  });

  test('gives up the body of a sign-in that does not come, of a program and on the page, and a form of a stranger', async () => {
    const begun = [
      ['/api/session', 'application/json', '{"email":'],
      ['/sign-in', 'application/x-www-form-urlencoded', 'email='],
      // A form of someone whose session has ended, as anyone may say.
      ['/solutions', 'application/x-www-form-urlencoded', 'name='],
    ].map(([path = '', type = '', start = '']) => {
      const sent = open(`${server().url}${path}`, 'POST', {
        'Content-Type': type,
        'Content-Length': '200',
        // A browser on the server's own page.
        Origin: server().url,
        'Sec-Fetch-Site': 'same-origin',
      });
      sent.write(start);
      return answerTo(sent).then(
        ({ status }) => `answered ${status}`,
        (error: unknown) => String(error),
      );
    });
    for (const end of await Promise.all(begun)) expect(end).toMatch(/hang up|ECONNRESET/);
  });

  test('accepts uploads and is ready while sixty strangers sign in, of whom some must try again', async () => {
    const client = await signIn(server());
    const ended: number[] = [];
    const failures = () => server().db('failed_login').where({ subject: 'staff' });
    const before = (await failures()).length;
    const strangers = Array.from({ length: 60 }, (_, index) =>
      call(`${server().url}/api/session`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': `198.51.${index}.7` },
        body: JSON.stringify({ email: `stranger${index}@example.org`, password: 'a guess of a password' }),
      }).then((answer) => {
        ended.push(answer.status);
        if (answer.status !== 401) expectProblem(answer, 503, 'unavailable');
      }),
    );
    await eventually('the line is full', () => ended.includes(503));
    const posted = await client.postForm(
      zipOf({ 'xml/noise.bin': randomBytes(2 * 2 ** 20).toString('latin1') }),
    );
    expect(posted.status).toBe(200);
    expect((await call(`${server().url}/readyz`)).status).toBe(200);
    // The upload was there while strangers still waited.
    expect(ended.length).toBeLessThan(60);
    await Promise.all(strangers);
    const looked = ended.filter((status) => status === 401).length;
    expect([looked > 0, looked < 60]).toEqual([true, true]);
    // A client with the instruction to come again has not failed.
    expect((await failures()).length - before).toBe(looked);
  });
});
