import { z } from 'zod';
import { type Retrying, withRetries } from './http/backoff';
import type { Exchange } from './http/exchange';
import { commonHeaders, jsonBody, readJson } from './http/messages';
import { readProblem } from './http/problem';
import type { LocalCopy } from './local-copy/local-copy';
import type { Token } from './local-copy/sync-state';

/** Who the solution is. */
export interface Credentials {
  readonly mail: string;
  readonly mac: string;
  readonly secret: string;
}

/** Keeps the solution logged in. One token serves all four channels. */
export interface Session {
  /** The current token; logs in if there is none or if it is about to expire. */
  token(): Promise<string>;
  /** Logs in again, unless another caller has already done so since `refused` was in use. */
  renew(refused: string): Promise<void>;
}

export interface SessionDeps {
  readonly exchange: Exchange;
  readonly credentials: Credentials;
  readonly copy: LocalCopy;
  readonly now: () => Date;
  readonly retrying: Retrying;
  readonly onLogin: () => void;
}

export function createSession(deps: SessionDeps): Session {
  let loggingIn: Promise<string> | null = null;
  const login = (): Promise<string> => {
    loggingIn ??= logIn(deps).finally(() => {
      loggingIn = null;
    });
    return loggingIn;
  };
  return {
    token: async () => {
      const kept = deps.copy.state().token;
      return kept !== null && isFresh(kept, deps.now()) ? kept.value : login();
    },
    renew: async (refused) => {
      const kept = deps.copy.state().token;
      if (kept === null || kept.value === refused) await login();
    },
  };
}

function isFresh(token: Token, now: Date): boolean {
  return now.getTime() < Date.parse(token.renewAfter);
}

async function logIn(deps: SessionDeps): Promise<string> {
  const value = await withRetries(deps.retrying, () => askForToken(deps));
  const token: Token = { value, renewAfter: renewAfter(value, deps.now()) };
  await deps.copy.changeState((state) => ({ ...state, token }));
  deps.onLogin();
  return value;
}

async function askForToken({ exchange, credentials, now }: SessionDeps): Promise<string> {
  const { mail, mac, secret } = credentials;
  const { headers, body } = jsonBody({ mail_solution: mail, MAC: mac, secret });
  const answer = await exchange({
    method: 'POST',
    path: '/v4/synchro/login',
    headers: { ...commonHeaders(now()), ...headers },
    body,
    idleTimeoutMs: 60_000,
  });
  if (answer.status >= 400) throw await readProblem(answer);
  return readJson(answer, z.string());
}

/**
 * When nine tenths of the token's lifetime are over. It is counted from now by our own clock, which may be wrong but is
 * the one that we read again later.
 */
function renewAfter(token: string, now: Date): string {
  const lifeSeconds = lifeOf(token) ?? defaultLifeSeconds;
  return new Date(now.getTime() + lifeSeconds * 900).toISOString();
}

const defaultLifeSeconds = 3600;

function lifeOf(token: string): number | null {
  const [, claims] = token.split('.');
  if (claims === undefined) return null;
  try {
    const { iat, exp } = claimsSchema.parse(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')));
    return exp - iat;
  } catch {
    return null;
  }
}

const claimsSchema = z.object({ iat: z.number(), exp: z.number() });
