import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Connection, createConnection } from '../../client/connection';
import type { RetryPolicy } from '../../client/http/backoff';
import { createExchange } from '../../client/http/exchange';
import { createSession } from '../../client/session';
import type { SolutionError } from '../../client/solution-error';
import { copyWith } from './copies';

// A server that lies, stalls and hangs up: what no honest one does on demand.

export interface HostileServer {
  readonly url: string;
  /** `POST /v4/synchro/datas`, in the order in which they came; logins apart. */
  readonly asked: readonly string[];
  logins(): number;
  stop(): Promise<void>;
}

/** Answers a request, or does worse. `nth` counts the requests from 1, logins apart. */
export type Misbehave = (
  request: IncomingMessage,
  response: ServerResponse,
  nth: number,
) => void | Promise<void>;

export async function startHostileServer(misbehave: Misbehave): Promise<HostileServer> {
  const asked: string[] = [];
  let logins = 0;
  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    if (request.url?.endsWith('/login') === true) {
      logins += 1;
      request.resume();
      json(response, `token-${logins}`);
      return;
    }
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void misbehave(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    logins: () => logins,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  json(response, { status, code, detail: `It is ${code}.` }, status, headers);
}

/** All bytes of a request. Rejects where it is cut. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads so many bytes of a request, and hangs up. @returns what was read. */
export async function cutAfter(request: IncomingMessage, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { socket } = request;
  let read = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    read += chunk.length;
    if (read >= bytes) break;
  }
  socket.destroy();
  return Buffer.concat(chunks).subarray(0, bytes);
}

export interface Client {
  readonly connection: Connection;
  /** The errors after which the client tried again. */
  readonly retries: { readonly error: SolutionError; readonly delayMs: number }[];
  close(): void;
}

export const impatient: RetryPolicy = { attempts: 6, firstDelayMs: 1, maxDelayMs: 5 };

/** A connection to it, with next to no waiting. */
export async function connectTo({ url }: HostileServer, policy: RetryPolicy = impatient): Promise<Client> {
  const copy = await copyWith();
  const { exchange, close } = createExchange(url);
  const retries: Client['retries'] = [];
  const retrying = {
    policy,
    random: Math.random,
    onRetry: (error: SolutionError, delayMs: number) => void retries.push({ error, delayMs }),
  };
  const now = () => new Date();
  const credentials = { mail: 'cuisine@example.org', mac: '00:1a:2b:3c:4d:5e', secret: 's' };
  const session = createSession({ exchange, credentials, copy, now, retrying, onLogin: () => undefined });
  return { connection: createConnection({ exchange, session, now, retrying }), retries, close };
}
