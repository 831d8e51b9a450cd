import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { bytesOf } from '../../../shared/formats/bytes-of';

/** The call that a library makes to `fetch`. */
interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** More than any provider says of itself. */
const mostBytes = 4 * 2 ** 20;

/**
 * Node's own `fetch` believes the usual authorities alone, before Node 22.19. This believes `authority`, certificates in
 * PEM, and nobody else. It follows no redirect and takes 4 MiB at most; it fails as `fetch` does, with a `TypeError`.
 */
export function fetchByAuthority(authority: string) {
  return (url: string, { method = 'GET', headers = {}, body, signal }: Call): Promise<Response> =>
    new Promise((resolve, reject) => {
      const fail = (cause: unknown) => reject(new TypeError('fetch failed', { cause }));
      const options = { method, headers, ca: authority, ...(signal === undefined ? {} : { signal }) };
      const sent = request(url, options, (answer) => void read(answer).then(resolve, fail));
      sent.once('error', (error) =>
        signal?.aborted === true ? reject(signal.reason as Error) : fail(error),
      );
      sent.end(textOf(body));
    });
}

async function read(answer: IncomingMessage): Promise<Response> {
  const tooLong = () => new RangeError('The answer is too long.');
  const body = await bytesOf(answer, { maxBytes: mostBytes, tooLong });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers))
    headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''));
  const status = answer.statusCode ?? 502;
  const isEmpty = [204, 205, 304].includes(status);
  return new Response(isEmpty ? null : body, { status, headers });
}

/** Calls to a provider have a form or no body. */
function textOf(body: unknown): string | undefined {
  if (body instanceof URLSearchParams) return body.toString();
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return undefined;
  throw new TypeError('Only forms and texts can be sent.');
}
