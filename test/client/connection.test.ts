import { z } from 'zod';
import { delayBefore } from '../../client/http/backoff';
import { createExchange } from '../../client/http/exchange';
import { retryAfterSeconds, waitSeconds } from '../../client/http/problem';
import { createSolution } from '../../client/solution';
import { ServerProblem } from '../../client/solution-error';
import { copyWith } from './copies';
import {
  type Client,
  connectTo,
  type HostileServer,
  json,
  type Misbehave,
  problem,
  startHostileServer,
} from './hostile-server';

let server: HostileServer;
let client: Client;

async function facing(misbehave: Misbehave): Promise<void> {
  server = await startHostileServer(misbehave);
  client = await connectTo(server);
}

afterEach(async () => {
  client.close();
  await server.stop();
});

const ask = () => client.connection.json({ method: 'GET', path: '/v4/synchro/statut' }, z.string());

describe('a call', () => {
  test('is repeated while the server is away, stumbles, or hangs up in the middle of its answer', async () => {
    await facing((request, response, nth) => {
      if (nth === 1) request.socket.destroy();
      else if (nth === 2) problem(response, 503, 'unavailable', { 'Retry-After': '0' });
      else if (nth === 3)
        response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway</h1>');
      else if (nth === 4) {
        response.writeHead(200, { 'Content-Length': '100' });
        response.write('"0');
        setTimeout(() => request.socket.destroy(), 10);
      } else json(response, '0');
    });
    expect((await ask()).value).toBe('0');
    expect(client.retries.map(({ error }) => error.code)).toEqual([
      'connection-lost',
      'unavailable',
      'http-502',
      'connection-lost',
    ]);
  });

  test('is given up after some attempts, with the last error', async () => {
    await facing((_request, response) => problem(response, 503, 'unavailable'));
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    expect(server.asked).toHaveLength(6);
  });

  test("is not repeated if the server refuses it, and the error has the server's words", async () => {
    await facing((_request, response) => problem(response, 403, 'wrong-status'));
    await expect(ask()).rejects.toMatchObject({ code: 'wrong-status', detail: 'It is wrong-status.' });
    expect(server.asked).toHaveLength(1);
  });

  test('whose answer is of another shape says so', async () => {
    await facing((_request, response) => json(response, { statut: 0 }));
    await expect(ask()).rejects.toMatchObject({ code: 'bad-answer' });
  });
});

test("every call contains the time of the device's clock, even if it is wrong", async () => {
  const dates: string[] = [];
  await facing((request, response) => {
    dates.push(request.headers.date ?? '');
    json(response, '0');
  });
  const { exchange, close } = createExchange(server.url);
  const credentials = { mail: 'cuisine@example.org', mac: '00:1a:2b:3c:4d:5e', secret: 's' };
  const solution = createSolution({
    ...{ url: server.url, exchange, credentials, copy: await copyWith() },
    clockSkewSeconds: 7200,
  });
  await solution.statut('synchro');
  close();
  const aheadMs = Date.parse(dates[0] ?? '') - Date.now();
  expect(Math.round(aheadMs / 60_000)).toBe(120);
});

describe('the token', () => {
  test('is renewed once when it is refused, however many calls find that at once', async () => {
    await facing((request, response) => {
      if (request.headers.authorization === 'Bearer token-1') problem(response, 401, 'unauthorized');
      else json(response, '0');
    });
    await Promise.all([ask(), ask(), ask()]);
    expect(server.logins()).toBe(2);
  });

  test('that is refused again right after a login is not asked for for ever', async () => {
    await facing((_request, response) => problem(response, 401, 'unauthorized'));
    await expect(ask()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(server.logins()).toBe(2);
  });

  test.each(['locked', 'blocked'])('of a solution that is %s is not asked for again', async (code) => {
    await facing((_request, response) => problem(response, 401, code));
    await expect(ask()).rejects.toMatchObject({ code });
    expect(server.logins()).toBe(1);
  });
});

describe('the wait before the next attempt', () => {
  const policy = { attempts: 9, firstDelayMs: 100, maxDelayMs: 1000 };
  const busy = new ServerProblem(503, 'unavailable', '', 7);
  const lost = new ServerProblem(503, 'unavailable', '', null);

  beforeEach(() => facing((_request, response) => json(response, '0')));

  test('doubles up to its limit, with a random share', () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) =>
      delayBefore(attempt, { policy, random: () => 1 }, lost),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(delayBefore(6, { policy, random: () => 0.25 }, lost)).toBe(250);
  });

  test('is never shorter than the server asks for, and not the same for all', () => {
    expect(delayBefore(1, { policy, random: () => 0 }, busy)).toBe(7000);
    expect(delayBefore(1, { policy, random: () => 1 }, busy)).toBe(7100);
  });

  test('is obeyed, and so is Epack-Poll-After: the longer one counts', () => {
    const now = Date.parse('2026-11-20T07:31:00Z');
    expect(waitSeconds({ 'retry-after': '5', 'epack-poll-after': '40' }, now)).toBe(40);
    expect(waitSeconds({ 'retry-after': '50', 'epack-poll-after': '40' }, now)).toBe(50);
    expect(waitSeconds({ 'epack-poll-after': '7' }, now)).toBe(7);
    expect(waitSeconds({ 'retry-after': '5', 'epack-poll-after': 'later' }, now)).toBe(5);
    expect(waitSeconds({}, now)).toBeNull();
  });

  test('is read as seconds or as a date', () => {
    const now = Date.parse('2026-11-20T07:31:00Z');
    expect(retryAfterSeconds('120', now)).toBe(120);
    expect(retryAfterSeconds('Fri, 20 Nov 2026 07:31:30 GMT', now)).toBe(30);
    expect(retryAfterSeconds('Fri, 20 Nov 2020 07:31:30 GMT', now)).toBe(0);
    expect(retryAfterSeconds('soon', now)).toBeNull();
    expect(retryAfterSeconds(undefined, now)).toBeNull();
  });
});
