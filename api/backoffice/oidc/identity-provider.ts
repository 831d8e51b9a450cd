import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  type Configuration,
  clockTolerance,
  customFetch,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { isNativeError } from 'node:util/types';
import { z } from 'zod';
import { identityProviderAway, signInRefused } from '../../../shared/errors/catalog';
import { fetchByAuthority } from './fetch-by-authority';

export interface IdentityProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whose certificates are believed, in PEM; null: the usual ones. */
  readonly authority: string | null;
  /** Separated by spaces; `openid` among them. */
  readonly scopes: string;
  /** The full URL on this server to which the provider sends people back. */
  readonly callbackUrl: string;
}

/** The secrets of one sign-in. */
export interface SignInProof {
  /** Ties the response to the browser that began the sign-in. */
  readonly state: string;
  /** Ties the ID token to this sign-in. */
  readonly nonce: string;
  /** Ties the code to whoever asked for it (PKCE). */
  readonly codeVerifier: string;
}

/** What the provider says about a person who has signed in there. */
export interface Person {
  readonly issuer: string;
  /** Never given to anyone else. */
  readonly subject: string;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  /** Everything else that was said. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface IdentityProvider {
  newProof(): SignInProof;
  /** Where to send the browser. Throws `identity-provider-away`. */
  signInUrl(proof: SignInProof): Promise<string>;
  /**
   * Redeems the response that the browser brings back. `answer`: the query of the callback. Throws `sign-in-refused` if
   * the provider refused or the response does not belong to the proof; `identity-provider-away`.
   */
  redeem(proof: SignInProof, answer: Readonly<Record<string, string>>): Promise<Person>;
}

/** Clocks of two machines differ. */
const clockToleranceSeconds = 60;
/** How long the metadata of a provider is cached. */
const discoveryMilliseconds = 3_600_000;

/** The timeout of one call to the provider. */
const patienceSeconds = 10;

/** The only door to openid-client: authorization code, with PKCE, state and nonce. The provider is looked for at the first sign-in, not at the start. */
export function createIdentityProvider(settings: IdentityProviderSettings): IdentityProvider {
  let provider: Configuration | null = null;
  let discoveredAtMs = -Infinity;

  return {
    newProof: () => ({
      state: randomState(),
      nonce: randomNonce(),
      codeVerifier: randomPKCECodeVerifier(),
    }),

    async signInUrl({ state, nonce, codeVerifier }) {
      const url = buildAuthorizationUrl(await discovered(), {
        redirect_uri: settings.callbackUrl,
        scope: settings.scopes,
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return url.href;
    },

    async redeem({ state, nonce, codeVerifier }, answer) {
      const found = await discovered();
      const url = new URL(settings.callbackUrl);
      url.search = new URLSearchParams(answer).toString();
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier };
      try {
        const tokens = await authorizationCodeGrant(found, url, { ...checks, idTokenExpected: true });
        const claims = tokens.claims();
        const hasMore = found.serverMetadata().userinfo_endpoint !== undefined && claims !== undefined;
        const told = hasMore ? await fetchUserInfo(found, tokens.access_token, claims.sub) : {};
        return personFrom({ ...claims, ...told });
      } catch (error) {
        throw translated(error);
      }
    },
  };

  async function discovered(): Promise<Configuration> {
    if (provider !== null && Date.now() - discoveredAtMs < discoveryMilliseconds) return provider;
    try {
      provider = await discover(settings);
      discoveredAtMs = Date.now();
    } catch (error) {
      // While it cannot be reached, the earlier metadata is used.
      if (provider === null) throw translated(error);
    }
    return provider;
  }
}

/** The issuer must be the configured one. Otherwise tokens of another issuer would be trusted. */
async function discover(settings: IdentityProviderSettings): Promise<Configuration> {
  try {
    return await discoverAt(settings, settings.issuer);
  } catch (error) {
    if (!isOtherName(error)) throw error;
    // Some call themselves with a slash at the end, whatever people write.
    return discoverAt(settings, otherSlash(settings.issuer));
  }
}

function discoverAt(
  { clientId, clientSecret, authority }: IdentityProviderSettings,
  issuer: string,
): Promise<Configuration> {
  const url = new URL(issuer);
  return discovery(
    url,
    clientId,
    { [clockTolerance]: clockToleranceSeconds },
    ClientSecretBasic(clientSecret),
    {
      timeout: patienceSeconds,
      ...(authority === null ? {} : { [customFetch]: fetchByAuthority(authority) }),
      // An issuer with http is intended: it is a test, or a provider on the same machine.
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out, as its text says
      execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    },
  );
}

const isOtherName = (error: unknown): boolean =>
  error instanceof ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';

const otherSlash = (url: string) => (url.endsWith('/') ? url.slice(0, -1) : `${url}/`);

const claimsOfPerson = z.looseObject({
  iss: z.string().min(1).max(1000),
  sub: z.string().min(1).max(255),
  email: z.string().max(320).optional().catch(undefined),
  // Some providers write it as a text.
  email_verified: z
    .union([z.boolean(), z.enum(['true', 'false'])])
    .optional()
    .catch(undefined),
});

function personFrom(claims: unknown): Person {
  const { iss, sub, email, email_verified: verified, ...others } = claimsOfPerson.parse(claims);
  return {
    issuer: iss,
    subject: sub,
    email: email ?? null,
    isEmailVerified: verified === true || verified === 'true',
    claims: others,
  };
}

/** The library's errors, in our words. Anything else is a mistake of ours. */
function translated(error: unknown): unknown {
  if (error instanceof AuthorizationResponseError) return refusedOrAway(isAway(error.error));
  if (error instanceof ResponseBodyError) return refusedOrAway(isAway(error.error) || error.status >= 500);
  if (error instanceof WWWAuthenticateChallengeError) return signInRefused('refused');
  if (error instanceof ClientError) return refusedOrAway(isUnreachable(error));
  return isUnreachable(error) ? identityProviderAway() : error;
}

const refusedOrAway = (isGone: boolean) => (isGone ? identityProviderAway() : signInRefused('refused'));

const isAway = (code: string) => code === 'temporarily_unavailable' || code === 'server_error';

/** An answer that is not JSON, or has an unexpected status, comes from some proxy. */
const awayCodes = [
  'OAUTH_TIMEOUT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_ABORT',
];

/** `fetch` fails with a TypeError whose cause is the socket's error. */
function isUnreachable(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && awayCodes.includes(code)) return true;
  if (error instanceof ClientError) return isUnreachable(error.cause);
  return error.message === 'fetch failed' || error.name === 'SyntaxError';
}
