import { type DavResponse, readMultistatus } from '../../../shared/formats/dav-multistatus';
import { createHttpClient, type HttpAnswer, type HttpCall, type HttpClient } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import { type DavPlaces, folderOf, joined, namesIn } from './places';

/** The verbs of a WebDAV server. The caller judges what the responses mean. */
export interface DavClient {
  readonly places: DavPlaces;
  readonly http: HttpClient;
  /**
   * The resource at a path, and with depth 1 also its contents, with their paths from the root. Null: nothing is there.
   * Throws if the response cannot be read to its end, or names something outside.
   */
  propfind(request: Propfind, signal: AbortSignal): Promise<readonly Found[] | null>;
  send(request: DavRequest, signal: AbortSignal): Promise<HttpAnswer>;
}

export interface Propfind {
  readonly operation: string;
  readonly path: string;
  readonly isFolder: boolean;
  readonly depth: '0' | '1';
  readonly body: string;
}

export interface Found {
  /** The path from the root of the pair; '' is the root itself. */
  readonly path: string;
  readonly response: DavResponse;
}

export interface DavRequest extends Pick<HttpCall, 'operation' | 'method' | 'stream' | 'headers'> {
  readonly path: string;
  readonly isFolder: boolean;
  /** The body, in XML. */
  readonly xml?: string;
}

export interface DavClientSettings {
  readonly places: DavPlaces;
  readonly auth: { readonly user: string; readonly password: string } | undefined;
  readonly secrets: readonly string[];
  readonly outside: Outside;
}

/** A server that takes long to store responds late; some move a large content by copying it. */
const deadlineMs = 60_000;
const mostListingBytes = 1024 ** 3;

export function createDavClient({ places, auth, secrets, outside }: DavClientSettings): DavClient {
  const authorization = basic(auth);
  const http = createHttpClient({
    outside,
    baseUrl: places.origin,
    secrets: authorization === null ? secrets : [...secrets, auth?.password ?? '', authorization.slice(6)],
    headersFor: () => (authorization === null ? {} : { authorization }),
    deadlineMs,
  });

  async function ask(request: Propfind, signal: AbortSignal) {
    const { operation, path, isFolder, depth, body } = request;
    const call: HttpCall = {
      operation,
      method: 'PROPFIND',
      path: places.of(path, isFolder),
      isText: true,
      bytes: { type: 'application/xml; charset=utf-8', data: new Uint8Array(Buffer.from(body)) },
      headers: { depth },
      handsBack: ({ status, headers }) => leadsToFolder(status, headers, places.of(path, true)),
    };
    return http.open(call, signal);
  }

  async function propfind(request: Propfind, signal: AbortSignal): Promise<readonly Found[] | null> {
    const answer = await ask(request, signal);
    if ('bytes' in answer) {
      if (answer.status !== 207) throw new Trouble('unavailable', `PROPFIND returned ${answer.status}`);
      return readFound(limited(answer.bytes), request, places);
    }
    // It is a folder, but was requested like a file.
    if (answer.status < 400 && !request.isFolder) return propfind({ ...request, isFolder: true }, signal);
    if ([404, 409, 410].includes(answer.status)) return null;
    throw forbiddenOr(request, answer.status);
  }

  return {
    places,
    http,
    propfind,
    send: ({ path, isFolder, xml, ...call }, signal) =>
      http.call(
        {
          ...call,
          path: places.of(path, isFolder),
          isText: true,
          // These have messages of their own.
          handsBack: ({ status }) =>
            status === 507 || status === 501 || (status === 500 && writing.has(call.method)),
          ...(xml === undefined
            ? {}
            : { bytes: { type: 'application/xml; charset=utf-8', data: new Uint8Array(Buffer.from(xml)) } }),
        },
        signal,
      ),
  };
}

const writing: ReadonlySet<string> = new Set(['PUT', 'MKCOL', 'MOVE', 'DELETE']);

const basic = (auth: DavClientSettings['auth']): string | null =>
  auth === undefined ? null : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;

/** True if the redirect only adds a slash to the address, so it is the same place. */
function leadsToFolder(status: number, headers: Headers, folder: string): boolean {
  const location = headers.get('location');
  if (status < 300 || status >= 400 || location === null) return false;
  return JSON.stringify(namesIn(location)) === JSON.stringify(namesIn(folder)) && location.endsWith('/');
}

/** If the root may not be read, nothing may be read. */
const forbiddenOr = ({ path }: Propfind, status: number): Trouble => {
  if (status !== 403) return new Trouble('invalid', `PROPFIND returned ${status}`);
  return path === ''
    ? new Trouble('unauthorized', 'our user may not read the folder')
    : new Trouble('invalid', `our user may not read ${path}`);
};

async function* limited(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const piece of bytes) {
    read += piece.byteLength;
    if (read > mostListingBytes) throw new Trouble('unavailable', 'the listing of one folder does not end');
    yield piece;
  }
}

async function readFound(
  bytes: AsyncIterable<Uint8Array>,
  { path, depth }: Propfind,
  places: DavPlaces,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  const place = createPlacing(path, places);
  try {
    for await (const responses of readMultistatus(bytes))
      for (const response of responses) {
        const at = place(response);
        if (at !== null) found.push({ path: at, response });
      }
  } catch (error) {
    if (error instanceof Trouble || isAbort(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Trouble('unavailable', `the listing of "${path}" cannot be read to its end: ${reason}`);
  }
  if (depth === '0' && found.length !== 1)
    throw new Trouble('unavailable', `PROPFIND of "${path}" told of ${found.length} resources`);
  return found;
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/**
 * Finds the path of a resource. A server behind another one may return other paths than the requested one. The first
 * resource is the folder itself, so its path is the beginning of all others.
 */
function createPlacing(path: string, places: DavPlaces): (response: DavResponse) => string | null {
  const asked = namesIn(places.of(path, true)) ?? [];
  let base: readonly string[] | null = null;
  return ({ href, status }) => {
    const names = namesIn(href);
    if (names === null) {
      if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(href)) throw outside(path);
      // The name is not text, so it could not be requested again.
      return null;
    }
    base ??= beginsWith(names, asked) ? asked : isSameEnd(names, asked) ? names : null;
    if (base === null || !beginsWith(names, base) || names.length > base.length + 1) throw outside(path);
    if (status !== null && status >= 400) {
      // It was removed while the folder was listed.
      if (status === 404 || status === 410) return null;
      throw new Trouble('unavailable', `the server could not list something in "${path}" (${status})`);
    }
    const [name] = names.slice(base.length);
    return name === undefined ? spelled(path, names) : joined(path, name);
  };
}

/** The path in the spelling of the server, because a server that ignores case finds `readme` by `README`. */
const spelled = (path: string, names: readonly string[]): string =>
  path === '' ? '' : joined(folderOf(path), names.at(-1) ?? '');

const outside = (path: string): Trouble =>
  new Trouble('unavailable', `the listing of "${path}" names something that is not in it`);

const beginsWith = (names: readonly string[], base: readonly string[]): boolean =>
  base.every((name, place) => isSameName(names[place], name));

/** Compares at least the last name. The names before it may have been added by the other server. */
const isSameEnd = (names: readonly string[], asked: readonly string[]): boolean =>
  isSameName(names.at(-1) ?? '', asked.at(-1) ?? '');

/** The operator may have written the name in another Unicode form or in another case than the server. */
const isSameName = (one: string | undefined, other: string): boolean =>
  one !== undefined && one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase();
