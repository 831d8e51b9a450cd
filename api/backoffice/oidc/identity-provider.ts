import { type BaseClient, custom, errors, generators, Issuer } from 'openid-client';
import { z } from 'zod';
import { identityProviderAway, signInRefused } from '../../../shared/errors/catalog';

export interface IdentityProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Separated by spaces; `openid` among them. */
  readonly scopes: string;
  /** Where the provider sends people back to: a path of ours, whole. */
  readonly callbackUrl: string;
}

/** What belongs to one sign-in, and to no other. */
export interface SignInProof {
  /** Ties the answer to the browser that asked. */
  readonly state: string;
  /** Ties the ID token to this sign-in. */
  readonly nonce: string;
  /** Ties the code to whoever asked for it (PKCE). */
  readonly codeVerifier: string;
}

/** What the provider says of someone who has signed in there. */
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
   * Redeems what the browser brought back. `answer`: the query of the callback. Throws `sign-in-refused` where the
   * provider refused, or where the answer does not belong to the proof; `identity-provider-away`.
   */
  redeem(proof: SignInProof, answer: Readonly<Record<string, string>>): Promise<Person>;
}

/** Clocks of two machines differ. */
const clockToleranceSeconds = 60;
/** What a provider says of itself changes rarely. */
const discoveryMilliseconds = 3_600_000;

/** The only door to openid-client: authorization code, with PKCE, state and nonce. The provider is looked for at the first sign-in, not at the start. */
export function createIdentityProvider(settings: IdentityProviderSettings): IdentityProvider {
  let client: BaseClient | null = null;
  let discoveredAtMs = -Infinity;

  return {
    newProof: () => ({
      state: generators.state(),
      nonce: generators.nonce(),
      codeVerifier: generators.codeVerifier(),
    }),

    async signInUrl({ state, nonce, codeVerifier }) {
      const found = await discovered();
      return found.authorizationUrl({
        scope: settings.scopes,
        state,
        nonce,
        code_challenge: generators.codeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
    },

    async redeem({ state, nonce, codeVerifier }, answer) {
      const found = await discovered();
      const checks = { state, nonce, code_verifier: codeVerifier, response_type: 'code' };
      try {
        const tokens = await found.callback(settings.callbackUrl, answer, checks);
        const told =
          found.issuer.metadata.userinfo_endpoint === undefined ? {} : await found.userinfo(tokens);
        return personFrom({ ...tokens.claims(), ...told });
      } catch (error) {
        throw translated(error);
      }
    },
  };

  async function discovered(): Promise<BaseClient> {
    if (client !== null && Date.now() - discoveredAtMs < discoveryMilliseconds) return client;
    try {
      client = await discover(settings);
      discoveredAtMs = Date.now();
    } catch (error) {
      // What it said before is as good, while it is away.
      if (client === null) throw translated(error);
    }
    return client;
  }
}

async function discover({ issuer: url, ...settings }: IdentityProviderSettings): Promise<BaseClient> {
  const issuer = await Issuer.discover(url);
  // Another issuer's tokens would be believed otherwise: those of whoever answers at that address.
  if (withoutSlash(issuer.metadata.issuer) !== withoutSlash(url)) {
    throw new errors.RPError(`the issuer calls itself ${issuer.metadata.issuer}`);
  }
  const client = new issuer.Client({
    client_id: settings.clientId,
    client_secret: settings.clientSecret,
    redirect_uris: [settings.callbackUrl],
    response_types: ['code'],
    id_token_signed_response_alg: signatureOf(issuer.metadata['id_token_signing_alg_values_supported']),
  });
  client[custom.clock_tolerance] = clockToleranceSeconds;
  return client;
}

const algorithms = z.array(z.string()).catch([]);

/** RS256 where the provider has it, as every provider should; else its first that is signed with a key of its own. */
function signatureOf(supported: unknown): string {
  const signed = algorithms.parse(supported).filter((name) => /^(RS|PS|ES)\d|^EdDSA$/.test(name));
  return signed.includes('RS256') ? 'RS256' : (signed[0] ?? 'RS256');
}

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
  if (error instanceof errors.OPError)
    return isAway(error) ? identityProviderAway() : signInRefused('refused');
  if (error instanceof errors.RPError) {
    return /timed out|expected 200 OK/.test(error.message)
      ? identityProviderAway()
      : signInRefused('refused');
  }
  return isUnreachable(error) ? identityProviderAway() : error;
}

const isAway = ({ error, response }: errors.OPError) =>
  error === 'temporarily_unavailable' || error === 'server_error' || (response?.statusCode ?? 0) >= 500;

/** Errors of sockets, of names and of TLS have a code that is a text; what is no JSON is a page of some proxy. */
const isUnreachable = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  (('code' in error && typeof error.code === 'string') || ('name' in error && error.name === 'SyntaxError'));

const withoutSlash = (url: string) => url.replace(/\/$/, '');
