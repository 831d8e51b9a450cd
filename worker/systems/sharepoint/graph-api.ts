import type { SharepointSettings } from '../../../shared/systems/sharepoint';
import { createHttpClient, type HttpAnswer, type HttpCall, type HttpClient } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import { errorOf } from './graph-error';
import type { TokenSource } from '../token-source';
import { createGraphTokens } from './tokens';

/** Microsoft Graph 1.0 of any cloud. If the token is refused, it is renewed once. */
export interface GraphApi {
  /**
   * Returns responses with 2xx and 4xx, which the caller has to judge. Throws `Trouble`: `throttled`, `unavailable`, or
   * `unauthorized` if a new token is refused as well.
   */
  call(call: GraphCall, signal: AbortSignal): Promise<HttpAnswer>;
  /**
   * The path of a link that Graph gave. Throws `invalid` if it leads to another host, because our token must not be
   * sent there.
   */
  pathOf(link: string): string;
  /**
   * A client for an address that Graph gave, which opens a file without our token. Throws if the address is not
   * private.
   */
  besides(link: string): { readonly client: HttpClient; readonly path: string };
  readonly clockOffsetMs: number | null;
}

export type GraphCall = Pick<HttpCall, 'operation' | 'method' | 'path' | 'json' | 'bytes' | 'headers'>;

/** The token source that all openings of an installed system share. */
export type TokensOf = (make: () => TokenSource) => TokenSource;

/** Addresses that open a file to everyone who knows them. */
const hiddenForm = /(?<="(?:@microsoft\.graph\.downloadUrl|uploadUrl)"\s*:\s*")[^"]*/g;

/** This call sends contents, and a slow connection needs time. */
const deadlineMs = 120_000;

export function createGraphApi(
  settings: SharepointSettings,
  outside: Outside,
  secrets: readonly string[],
  tokensOf: TokensOf,
): GraphApi {
  const base = baseOf(settings.url);
  const hidden = [...secrets, settings.auth.clientSecret];
  const tokens = tokensOf(() => createGraphTokens(settings, base.origin, outside, hidden));
  const client = createHttpClient({
    outside,
    baseUrl: base.url,
    secrets: hidden,
    headersFor: () => ({}),
    deadlineMs,
    hiddenForm,
  });

  const callWith = (token: string, call: GraphCall, signal: AbortSignal): Promise<HttpAnswer> =>
    client.call(
      {
        ...call,
        headers: { ...call.headers, authorization: `Bearer ${token}` },
        handsBackUnauthorized: true,
        handsBack: ({ status }) => status === noRoom,
      },
      signal,
    );

  return {
    async call(call, signal) {
      const first = await tokens.token(signal);
      const answer = throwIfFull(await callWith(first, call, signal));
      if (answer.status !== 401) return answer;
      tokens.drop(first);
      const again = throwIfFull(await callWith(await tokens.token(signal), call, signal));
      if (again.status !== 401) return again;
      const trouble = new Trouble(
        'unauthorized',
        `a new token was refused as well: ${errorOf(again).message}`,
      );
      client.stop(trouble);
      throw trouble;
    },
    pathOf(link) {
      const url = URL.canParse(link) ? new URL(link) : null;
      if (url?.origin !== base.origin || !url.pathname.startsWith(`${base.path}/`))
        throw new Trouble('invalid', 'Graph leads to an address that is not its own');
      return `${url.pathname.slice(base.path.length)}${url.search}`;
    },
    besides(link) {
      const url = URL.canParse(link) ? new URL(link) : null;
      const isPrivate = url?.protocol === 'https:' || url?.protocol === base.protocol;
      if (url === null || !isPrivate || url.username !== '')
        throw new Trouble('invalid', 'Graph leads to an address that is not private');
      const other = createHttpClient({
        outside,
        baseUrl: url.origin,
        secrets: hidden,
        headersFor: () => ({}),
        deadlineMs,
        hiddenForm,
      });
      return { client: other, path: `${url.pathname}${url.search}` };
    },
    get clockOffsetMs() {
      return client.clockOffsetMs;
    },
  };
}

/** "507 Insufficient Storage": the library, or its site, has reached its quota. */
const noRoom = 507;

export function throwIfFull(answer: HttpAnswer): HttpAnswer {
  if (answer.status !== noRoom) return answer;
  throw new Trouble('unavailable', `the library has no room left (507: ${errorOf(answer).message})`);
}

interface Base {
  readonly url: string;
  readonly origin: string;
  readonly protocol: string;
  readonly path: string;
}

const version = '/v1.0';

/** The version may be left out, because people know the address without it. */
function baseOf(written: string): Base {
  const plain = written.replace(/\/+$/, '');
  const { origin, protocol, pathname } = new URL(plain.endsWith(version) ? plain : `${plain}${version}`);
  return { url: `${origin}${pathname}`, origin, protocol, path: pathname };
}

/** A path of names below an item. The names are encoded, because people have chosen them. */
export const encodedPath = (names: readonly string[]): string => names.map(encodeURIComponent).join('/');
