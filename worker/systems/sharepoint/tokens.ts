import { z } from 'zod';
import type { SharepointSettings } from '../../../shared/systems/sharepoint';
import { createHttpClient } from '../../outside/http-client';
import type { Outside } from '../remote-system';
import { createTokenSource, noToken, tokenRefused, type TokenSource } from '../token-source';

/** A token is replaced this long before it expires. */
const spareMs = 5 * 60_000;

const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive(),
});

/** "Microsoft identity platform and the OAuth 2.0 client credentials flow". `resource`: the origin of that Graph. */
export function createGraphTokens(
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
  return createTokenSource(async (signal) => {
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
      const trouble = tokenRefused(answer);
      client.stop(trouble);
      throw trouble;
    }
    const parsed = tokenAnswer.safeParse(answer.json);
    if (!parsed.success) throw noToken();
    const { access_token: token, expires_in: seconds } = parsed.data;
    return { token, lifeMs: Math.max(seconds * 500, seconds * 1000 - spareMs) };
  });
}
