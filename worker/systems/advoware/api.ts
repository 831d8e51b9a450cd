import type { AdvowareSettings } from '../../../shared/systems/advoware';
import { createHttpClient, type HttpAnswer, type HttpCall, reasonOf } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import type { TokenSource } from '../token-source';

/** Calls below `/api/v1/advonet`, with a token that is renewed once. */
export interface AdvowareApi {
  call(
    call: Pick<HttpCall, 'operation' | 'method' | 'path' | 'json'>,
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  readonly clockOffsetMs: number | null;
}

/** All records come in one response. */
const maxAnswerBytes = 256 * 1024 * 1024;
const deadlineMs = 120_000;

export function createAdvowareApi(
  settings: AdvowareSettings,
  outside: Outside,
  secrets: readonly string[],
  tokens: TokenSource,
): AdvowareApi {
  let bearer = '';
  const client = createHttpClient({
    outside,
    baseUrl: `${settings.url.replace(/\/+$/, '')}/api/v1/advonet`,
    secrets,
    headersFor: () => ({ authorization: `Bearer ${bearer}` }),
    deadlineMs,
    maxAnswerBytes,
  });

  async function callWith(token: string, call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    bearer = token;
    return client.call({ ...call, handsBackUnauthorized: true }, signal);
  }

  return {
    async call(call, signal) {
      const first = await tokens.token(signal);
      const answer = await callWith(first, call, signal);
      if (answer.status !== 401) return answer;
      tokens.drop(first);
      const again = await callWith(await tokens.token(signal), call, signal);
      if (again.status !== 401) return again;
      const said = reasonOf(again.headers, again.json);
      const trouble = new Trouble(
        'unauthorized',
        `a new token was refused as well${said === '' ? '' : `: ${said}`}`,
      );
      client.stop(trouble);
      throw trouble;
    },
    get clockOffsetMs() {
      return client.clockOffsetMs;
    },
  };
}
