import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { bytesOf } from '../../shared/formats/bytes-of';
import { createExchange } from '../http/exchange';

/** One request as the suite sends it: nothing is added, nothing is repeated, no redirection is followed. */
export interface WireCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** What came back, read to its end. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** Undefined: the body is no JSON. */
  readonly json: unknown;
  /** e.g. `POST /v4/synchro/datas`, for the messages of a check. */
  readonly asked: string;
}

/** The bytes between the suite and the server under test. Rejects if the connection breaks. */
export interface Wire {
  readonly url: string;
  readonly call: (path: string, call?: WireCall) => Promise<Reply>;
  readonly close: () => void;
}

/** @param url the server, or a path of it below which `/v4` lives. */
export function createWire(url: string): Wire {
  const { exchange, close } = createExchange(url);
  return {
    url,
    close,
    call: async (path, { method = 'GET', headers = {}, body } = {}) => {
      const bytes = body === undefined ? null : Buffer.from(body);
      const answer = await exchange({
        ...{ method, path, headers, idleTimeoutMs },
        ...(bytes === null ? {} : { body: { bytes: bytes.length, open: () => streamOf(bytes) } }),
      });
      const received = await bytesOf(answer.body);
      const text = received.toString('utf8');
      const { status, headers: answered } = answer;
      return {
        status,
        headers: answered,
        body: received,
        text,
        json: parsed(text),
        asked: `${method} ${path}`,
      };
    },
  };
}

/** A status that is waited for may take a minute. */
const idleTimeoutMs = 90_000;

const streamOf = (bytes: Buffer): Readable =>
  Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
