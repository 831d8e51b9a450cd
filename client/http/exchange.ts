import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { connectionLost } from '../solution-error';

/** One request, ready to be sent. It may be sent more than once. */
export interface Outgoing {
  readonly method: string;
  /** Below the server's base address, with its query: `/v4/synchro/statut?wait=30`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: OutgoingBody;
  /** After this time without a byte in either direction, the connection counts as lost. */
  readonly idleTimeoutMs: number;
}

export interface OutgoingBody {
  readonly bytes: number;
  /** A fresh stream of the same bytes at every call. */
  open(): Readable;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The caller must read it to its end or destroy it. */
  readonly body: Readable;
}

/** Sends a request and resolves as soon as the head of the response has arrived. Rejects with `connection-lost`. */
export type Exchange = (outgoing: Outgoing) => Promise<Answer>;

/**
 * Exchanges with one server, over kept connections.
 * @param baseUrl e.g. `https://epack.example.org` or with a path below which `/v4` lives.
 * @param maxConnections at once; further requests wait.
 */
export function createExchange(
  baseUrl: string,
  maxConnections = 8,
): { exchange: Exchange; close: () => void } {
  const base = new URL(baseUrl);
  const secure = base.protocol === 'https:';
  const agent = secure
    ? new https.Agent({ keepAlive: true, maxSockets: maxConnections })
    : new http.Agent({ keepAlive: true, maxSockets: maxConnections });
  const exchange: Exchange = (outgoing) =>
    new Promise((resolve, reject) => {
      const options = {
        agent,
        method: outgoing.method,
        headers: { ...outgoing.headers, ...lengthOf(outgoing) },
        timeout: outgoing.idleTimeoutMs,
      };
      const url = new URL(base.pathname.replace(/\/$/, '') + outgoing.path, base);
      const request = secure ? https.request(url, options) : http.request(url, options);
      request.on('timeout', () =>
        request.destroy(new Error(`no byte for ${outgoing.idleTimeoutMs / 1000} s`)),
      );
      request.on('error', (error) => reject(connectionLost(reasonOf(error), error)));
      request.on('response', (response) => resolve(answerOf(response)));
      sendBody(outgoing, request);
    });
  return { exchange, close: () => agent.destroy() };
}

function lengthOf({ method, body }: Outgoing): Record<string, string> {
  if (body !== undefined) return { 'Content-Length': String(body.bytes) };
  return method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': '0' };
}

function sendBody({ body }: Outgoing, request: http.ClientRequest): void {
  if (body === undefined) {
    request.end();
    return;
  }
  const source = body.open();
  source.on('error', (error) => request.destroy(error));
  // A server may refuse before it has read everything: it then no longer reads, and that is not an error.
  request.on('response', (response) => {
    source.unpipe(request);
    response.on('end', () => {
      if (!request.writableFinished) request.destroy();
    });
  });
  request.on('close', () => source.destroy());
  source.pipe(request);
}

function answerOf(response: IncomingMessage): Answer {
  return { status: response.statusCode ?? 0, headers: response.headers, body: response };
}

function reasonOf(error: Error): string {
  const { message } = error;
  // If several addresses were tried and all refused, node throws an AggregateError without a message.
  return message === '' ? 'the server cannot be reached' : message;
}
