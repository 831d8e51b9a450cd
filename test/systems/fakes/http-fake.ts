import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a fake reads it. */
export interface FakeRequest {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The received bytes, unchanged. */
  readonly bytes: Buffer;
  /** Undefined: nothing was sent, or it was no JSON. */
  readonly json: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly json?: unknown;
  /** In place of JSON. */
  readonly html?: string;
  /** In place of JSON. */
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A fault in the next calls that it matches. */
export interface Fault {
  readonly fits?: (request: FakeRequest) => boolean;
  /** How often; once where it is left out. */
  times?: number;
  /** In place of the server's own answer, which is not made. */
  readonly answer?: FakeAnswer;
  /** The call is carried out, and its connection is cut. */
  readonly losesAnswer?: boolean;
  /** The answer is cut in its middle. */
  readonly breaksAnswer?: boolean;
  readonly delayMs?: number;
  /** Right before it is carried out. */
  readonly before?: () => void;
}

/** A server of our own on the loopback address, with what a test may do to it. */
export interface HttpFake {
  readonly url: string;
  /** `GET /api/v1/CBeteiligte`, one for each call that came. */
  readonly calls: string[];
  readonly faults: Fault[];
  /** Its clock less ours. */
  clockOffsetMs: number;
  close(): Promise<void>;
}

export async function startHttpFake(
  handle: (request: FakeRequest, fake: HttpFake) => FakeAnswer | Promise<FakeAnswer>,
  port = 0,
): Promise<HttpFake> {
  const server = createServer((incoming, response) => {
    void respond(incoming, response);
  });
  const faults: Fault[] = [];
  const calls: string[] = [];

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming).catch(() => null);
    // It was cut before it had come whole.
    if (request === null) return;
    calls.push(`${request.method} ${request.path}`);
    const fault = takeFault(faults, request);
    if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    fault?.before?.();
    const answer = fault?.answer ?? (await handle(request, fake));
    if (fault?.losesAnswer === true) {
      incoming.socket.destroy();
      return;
    }
    send(response, answer, fake.clockOffsetMs, fault?.breaksAnswer === true);
  }

  await listen(server, port);
  const { port: taken } = addressOf(server);
  const fake: HttpFake = {
    url: `http://127.0.0.1:${taken}`,
    calls,
    faults,
    clockOffsetMs: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return fake;
}

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return address;
}

function takeFault(faults: Fault[], request: FakeRequest): Fault | undefined {
  const place = faults.findIndex(({ fits = () => true }) => fits(request));
  const fault = faults[place];
  if (fault === undefined) return undefined;
  const times = fault.times ?? 1;
  if (times <= 1) faults.splice(place, 1);
  else fault.times = times - 1;
  return fault;
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  const bytes = Buffer.concat(parts);
  const text = bytes.toString('utf8');
  const url = new URL(incoming.url ?? '/', 'http://fake');
  return {
    method: incoming.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    text,
    bytes,
    json: decoded(text),
  };
}

function decoded(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, answer: FakeAnswer, clockOffsetMs: number, breaks: boolean): void {
  const text =
    answer.bytes ??
    Buffer.from(answer.html ?? (answer.json === undefined ? '' : JSON.stringify(answer.json)));
  response.writeHead(answer.status, {
    date: new Date(Date.now() + clockOffsetMs).toUTCString(),
    'content-type': answer.html === undefined ? 'application/json' : 'text/html; charset=utf-8',
    'content-length': String(text.length),
    ...answer.headers,
  });
  if (!breaks) {
    response.end(text);
    return;
  }
  response.write(text.subarray(0, Math.ceil(text.length / 2)));
  setTimeout(() => response.destroy(), 5);
}
