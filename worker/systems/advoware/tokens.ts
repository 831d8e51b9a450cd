import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { AdvowareSettings } from '../../../shared/systems/advoware';
import { createHttpClient, type HttpAnswer, type HttpClient } from '../../outside/http-client';
import type { Outside } from '../remote-system';
import { createTokenSource, type GivenToken, noToken, tokenRefused, type TokenSource } from '../token-source';
import { requestTime, signatureOf } from './signature';

/** The token of one Advoware, shared by all that call it. */
export interface AdvowareTokens extends TokenSource {
  /** True: the credentials were refused, and no further call is made. */
  readonly isRefused: boolean;
}

/** Tokens live about 55 minutes. */
const keptMs = 53 * 60_000;
/** A response may give another lifetime, in seconds; a token is not used until its very end. */
const spareMs = 60_000;
const loudOffsetMs = 30_000;

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().optional() });

export function createAdvowareTokens(
  settings: AdvowareSettings,
  outside: Outside,
  secrets: readonly string[],
): AdvowareTokens {
  const client = createHttpClient({
    outside,
    baseUrl: (settings.gateway ?? settings.url).replace(/\/+$/, ''),
    secrets,
    headersFor: () => ({}),
  });
  let isRefused = false;

  async function ask(signal: AbortSignal): Promise<GivenToken> {
    const first = await request(client, settings, 0, signal);
    const offsetMs = client.clockOffsetMs ?? 0;
    // The signature includes the time, which must match the server's: a wrong clock does not mean a wrong key.
    const isClock = first.status >= 400 && Math.abs(offsetMs) > loudOffsetMs;
    const answer = isClock ? await request(client, settings, offsetMs, signal) : first;
    if (answer.status >= 400) {
      const trouble = tokenRefused(answer);
      client.stop(trouble);
      isRefused = true;
      throw trouble;
    }
    const parsed = tokenAnswer.safeParse(answer.json);
    if (!parsed.success) throw noToken();
    const { access_token: token, expires_in: seconds } = parsed.data;
    const lifeMs = seconds === undefined ? keptMs : Math.max(0, seconds * 1000 - spareMs);
    return { token, lifeMs: Math.min(lifeMs, keptMs) };
  }

  return {
    ...createTokenSource(ask),
    get isRefused() {
      return isRefused;
    },
  };
}

async function request(
  client: HttpClient,
  { auth, signature }: AdvowareSettings,
  offsetMs: number,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const nonce = randomUUID();
  const time = requestTime(new Date(Date.now() + offsetMs));
  const json = {
    AppID: auth.appId,
    Kanzlei: auth.kanzlei,
    Database: auth.database,
    User: auth.user,
    Password: auth.password,
    Role: 2,
    // "Third parties always 64."
    Product: 64,
    Nonce: nonce,
    HMAC512Signature: signatureOf(auth.apiKey, signature, { appId: auth.appId, nonce, time }),
    RequestTimeStamp: time,
  };
  return client.call(
    {
      operation: 'token',
      method: 'POST',
      path: '/api/v1/Token',
      json,
      isSecret: true,
      handsBackUnauthorized: true,
    },
    signal,
  );
}
