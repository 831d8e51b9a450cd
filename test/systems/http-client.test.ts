import { createServer } from 'node:http';
import { createHttpClient, type HttpClient } from '../../worker/outside/http-client';
import { createLimiter } from '../../worker/outside/limiter';
import { createRedaction } from '../../worker/outside/redaction';
import { retryAfterMs } from '../../worker/outside/retry-after';
import type { Outside } from '../../worker/systems/remote-system';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './fakes/http-fake';
import { testOutside } from './outside';

const { signal } = new AbortController();
let fake: HttpFake;
let answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;
beforeEach(async () => {
  answer = () => ({ status: 200, json: { ok: true } });
  fake = await startHttpFake((request) => answer(request));
});
afterEach(() => fake.close());

const client = (outside: Outside = testOutside(), more: object = {}): HttpClient =>
  createHttpClient({ outside, baseUrl: fake.url, secrets: [], headersFor: () => ({}), ...more });

const get = (from: HttpClient, path = '/a') => from.call({ operation: 'fetch', method: 'GET', path }, signal);

test('a server that does not respond in time is unavailable', async () => {
  fake.faults.push({ delayMs: 2_000 });
  await expect(get(client(testOutside(), { deadlineMs: 50 }))).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'no answer within 0.05 s',
  });
});

test('a response that is longer than allowed is not read to its end', async () => {
  answer = () => ({ status: 200, json: 'x'.repeat(100_000) });
  await expect(get(client(testOutside(), { maxAnswerBytes: 1_000 }))).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'the answer is longer than 1000 bytes',
  });
});

test('the Retry-After of a server applies to all callers of the system', async () => {
  const outside = testOutside();
  fake.faults.push({ answer: { status: 503, headers: { 'retry-after': '3' } } });
  await expect(get(client(outside))).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 3_000 });
  await expect(get(client(outside))).rejects.toMatchObject({ kind: 'throttled' });
  expect(fake.calls).toHaveLength(1);
  expect(outside.observed).toHaveLength(1);
});

test('a date in Retry-After is read by the clock of the server that sends it', () => {
  const headers = (entries: Record<string, string>) => new Headers(entries);
  const date = 'Mon, 30 Nov 2020 12:00:00 GMT';
  const later = 'Mon, 30 Nov 2020 12:01:30 GMT';
  expect(retryAfterMs(headers({ date, 'retry-after': later }))).toBe(90_000);
  expect(retryAfterMs(headers({ date: later, 'retry-after': date }))).toBe(0);
  expect(retryAfterMs(headers({ 'retry-after': '5' }))).toBe(5_000);
  expect(retryAfterMs(headers({ 'retry-after': '99999999' }))).toBe(86_400_000);
  expect(retryAfterMs(headers({ 'retry-after': 'soon' }))).toBeUndefined();
});

test('no more calls are in progress at a time than the system allows', async () => {
  let [now, most] = [0, 0];
  answer = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    return { status: 200 };
  };
  const outside = { ...testOutside(), limiter: createLimiter({ atOnce: 3 }) };
  const both = [client(outside), client(outside)];
  await Promise.all(Array.from({ length: 30 }, (_, place) => get(both[place % 2] ?? client(outside))));
  expect(most).toBe(3);
});

test('no more calls begin in any second than the system allows', async () => {
  const starts: number[] = [];
  const limiter = createLimiter({ atOnce: 20, perSecond: 10 });
  const begunAt = performance.now();
  await Promise.all(
    Array.from({ length: 25 }, () =>
      limiter.run(async () => {
        starts.push(performance.now() - begunAt);
      }, signal),
    ),
  );
  // Counted from before the first: a busy machine calls late, and never early.
  expect(starts[10]).toBeGreaterThanOrEqual(995);
  expect(starts[20]).toBeGreaterThanOrEqual(1_995);
});

test('no secret is shown in any form, and long texts are shortened', () => {
  const redact = createRedaction(['p"ss wörd/1', 'abc']);
  const forms = [
    'p"ss wörd/1',
    encodeURIComponent('p"ss wörd/1'),
    JSON.stringify('p"ss wörd/1').slice(1, -1),
  ];
  for (const form of [...forms, Buffer.from('p"ss wörd/1').toString('base64')])
    expect(redact(`<${form}>`)).toBe('<…>');
  expect(redact('abc stands everywhere')).toBe('abc stands everywhere');
  expect(redact('x'.repeat(10_000))).toHaveLength(4_001);
  expect(redact(`${'x'.repeat(3_998)}p"ss wörd/1`)).toBe(`${'x'.repeat(3_998)}…`);
});

const open = async (from: HttpClient): Promise<Buffer> => {
  const answer = await from.open({ operation: 'read', method: 'GET', path: '/file' }, signal);
  if (!('bytes' in answer)) throw new Error(`it was refused by ${answer.status}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.bytes) pieces.push(piece);
  return Buffer.concat(pieces);
};

test('bytes are sent unchanged, and the bytes of an open response are passed on as they arrive', async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, place) => place % 251));
  let sent: FakeRequest | null = null;
  answer = (request) => {
    sent = request;
    return { status: 200, bytes };
  };
  const one = client();
  expect(await open(one)).toEqual(bytes);
  const call = { operation: 'write', method: 'PUT', path: '/file', headers: { 'x-a': '1' } } as const;
  await one.open({ ...call, bytes: { type: 'application/octet-stream', data: bytes } }, signal);
  expect(sent).toMatchObject({ bytes, headers: { 'content-type': 'application/octet-stream', 'x-a': '1' } });
});

test('an open response that breaks off or does not come is unavailable, and a refusal is a normal response', async () => {
  answer = () => ({ status: 200, bytes: Buffer.alloc(100_000) });
  fake.faults.push({ breaksAnswer: true });
  await expect(open(client())).rejects.toMatchObject({ kind: 'unavailable' });
  fake.faults.push({ delayMs: 2_000 });
  await expect(open(client(testOutside(), { deadlineMs: 50 }))).rejects.toMatchObject({
    message: 'no answer within 0.05 s',
  });
  answer = () => ({ status: 404, json: { error: { code: 'itemNotFound', message: 'gone' } } });
  await expect(open(client())).rejects.toThrow('it was refused by 404');
  answer = () => ({ status: 500, json: { error: { code: 'generalException', message: 'no idea' } } });
  await expect(open(client())).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'GET returned 500: no idea',
  });
});

test('a slow reader delays nobody, and is not cut off', async () => {
  answer = ({ path }) =>
    path === '/file' ? { status: 200, bytes: Buffer.alloc(4_000_000) } : { status: 200 };
  const outside = { ...testOutside(), limiter: createLimiter({ atOnce: 1 }) };
  const one = client(outside, { deadlineMs: 500, stallMs: 300 });
  const opened = await one.open({ operation: 'read', method: 'GET', path: '/file' }, signal);
  if (!('bytes' in opened)) throw new Error('it was refused');
  let bytes = 0;
  for await (const piece of opened.bytes) {
    if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 700));
    bytes += piece.length;
  }
  expect(bytes).toBe(4_000_000);
  // Its place was free all the while.
  const again = await one.open({ operation: 'read', method: 'GET', path: '/file' }, signal);
  await get(one);
  if ('bytes' in again) for await (const piece of again.bytes) bytes -= piece.length;
  expect(bytes).toBe(0);
});

test('a path that gives access without a password is not recorded', async () => {
  const outside = testOutside();
  const call = { operation: 'read', method: 'GET', path: '/file?tempauth=1234', isSecretPath: true } as const;
  await client(outside).call(call, signal);
  expect(outside.observed.map(({ path }) => path)).toEqual(['/…']);
});

const sending = (from: HttpClient, size: number, pieces: AsyncIterable<Uint8Array>) =>
  from.call(
    {
      operation: 'write',
      method: 'PUT',
      path: '/file',
      isText: true,
      stream: { type: 'application/octet-stream', size, pieces },
    },
    signal,
  );

async function* piecesOf(count: number, pauseMs = 0): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece++) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    yield Buffer.alloc(10_000, piece);
  }
}

test('a content is sent with its size while it is read, however long that takes', async () => {
  let sent: FakeRequest | null = null;
  answer = (request) => {
    sent = request;
    return { status: 201, html: '<p>made</p>' };
  };
  const made = await sending(client(testOutside(), { deadlineMs: 150 }), 50_000, piecesOf(5, 60));
  expect(made).toMatchObject({ status: 201, json: undefined, text: '<p>made</p>' });
  expect(sent).toMatchObject({ headers: { 'content-length': '50000' } });
  expect(sent).toHaveProperty('bytes.length', 50_000);
});

test('a content that breaks off, or has the wrong size, never arrives as complete', async () => {
  let arrived = 0;
  answer = () => {
    arrived += 1;
    return { status: 201 };
  };
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield* piecesOf(3);
    throw new Error('the other side went away');
  }
  await expect(sending(client(), 50_000, broken())).rejects.toThrow('the other side went away');
  await expect(sending(client(), 50_000, piecesOf(3))).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(sending(client(), 20_000, piecesOf(3))).rejects.toMatchObject({ kind: 'unavailable' });
  expect(arrived).toBe(0);
});

test('a refusal during the transfer of a content is the response', async () => {
  const server = createServer((_, response) => response.writeHead(507).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const baseUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await expect(
    sending(client(testOutside(), { baseUrl }), 50_000_000, piecesOf(5_000)),
  ).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'PUT returned 507',
  });
  server.closeAllConnections();
  server.close();
});
