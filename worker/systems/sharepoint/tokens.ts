import { z } from 'zod';
import type { SharepointSettings } from '../../../shared/systems/sharepoint';
import { createHttpClient, type HttpAnswer, reasonOf } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';

/** The access token for Graph, fetched once for all callers. */
export interface TokenSource {
  /**
   * Requests a token if there is no valid one. Throws `unauthorized` if our credentials are refused; then no further
   * request is made.
   */
  token(signal: AbortSignal): Promise<string>;
  /** Call it if that token was refused, so that a new one is requested next. */
  drop(token: string): void;
}

/** A token is replaced this long before it expires. */
const spareMs = 5 * 60_000;

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive(),
});

/** "Microsoft identity platform and the OAuth 2.0 client credentials flow". `resource`: the origin of that Graph. */
export function createTokenSource(
  { auth, authority }: SharepointSettings,
  resource: string,
  outside: Outside,
  secrets: readonly string[],
): TokenSource {
  const client = createHttpClient({
    outside,
    baseUrl: authority.replace(/\/+$/, ''),
    secrets,
    headersFor: () => ({}),
  });
  let held: { readonly token: string; readonly until: number } | null = null;
  let asking: Promise<string> | null = null;

  async function ask(signal: AbortSignal): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: auth.clientId,
      client_secret: auth.clientSecret,
      scope: `${resource}/.default`,
    });
    const answer = await client.call(
      {
        operation: 'token',
        method: 'POST',
        path: `/${encodeURIComponent(auth.tenant)}/oauth2/v2.0/token`,
        bytes: { type: 'application/x-www-form-urlencoded', data: Buffer.from(form.toString()) },
        isSecret: true,
        handsBackUnauthorized: true,
      },
      signal,
    );
    if (answer.status >= 400) {
      const trouble = refusal(answer);
      client.stop(trouble);
      throw trouble;
    }
    const parsed = tokenAnswer.safeParse(answer.json);
    if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of a token');
    const { access_token: token, expires_in: seconds } = parsed.data;
    const lifeMs = Math.max(seconds * 500, seconds * 1000 - spareMs);
    held = { token, until: performance.now() + lifeMs };
    return token;
  }

  return {
    async token(signal) {
      if (held !== null && performance.now() < held.until) return held.token;
      asking ??= ask(signal).finally(() => (asking = null));
      try {
        return await asking;
      } catch (error) {
        signal.throwIfAborted();
        // The call that requested it was aborted; ours was not.
        if (error instanceof Trouble) throw error;
        return ask(signal);
      }
    },
    drop(token) {
      if (held?.token === token) held = null;
    },
  };
}

function refusal(answer: HttpAnswer): Trouble {
  const said = reasonOf(answer.headers, answer.json);
  return new Trouble(
    'unauthorized',
    `no token was given (${answer.status}${said === '' ? '' : `: ${said}`})`,
  );
}
