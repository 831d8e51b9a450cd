import { type HttpAnswer, reasonOf } from '../outside/http-client';
import { Trouble } from '../pipeline/trouble';

/** The token of one server, shared by all that call it. */
export interface TokenSource {
  /**
   * Requests a token if there is none. Throws `unauthorized` if our credentials are refused; then no further token is
   * requested.
   */
  token(signal: AbortSignal): Promise<string>;
  /** The token was refused: the next call gets a new one. */
  drop(token: string): void;
}

export interface GivenToken {
  readonly token: string;
  /** How long it is used. */
  readonly lifeMs: number;
}

/** Keeps one token. `ask` requests it, once for all that wait for it. */
export function createTokenSource(ask: (signal: AbortSignal) => Promise<GivenToken>): TokenSource {
  let held: { readonly token: string; readonly until: number } | null = null;
  let asking: Promise<string> | null = null;

  async function renew(signal: AbortSignal): Promise<string> {
    const { token, lifeMs } = await ask(signal);
    held = { token, until: performance.now() + lifeMs };
    return token;
  }

  return {
    async token(signal) {
      if (held !== null && performance.now() < held.until) return held.token;
      asking ??= renew(signal).finally(() => (asking = null));
      try {
        return await asking;
      } catch (error) {
        signal.throwIfAborted();
        // The caller that requested it was aborted; we were not.
        if (error instanceof Trouble) throw error;
        return renew(signal);
      }
    },
    drop(token) {
      if (held?.token === token) held = null;
    },
  };
}

export function tokenRefused(answer: HttpAnswer): Trouble {
  const said = reasonOf(answer.headers, answer.json);
  return new Trouble(
    'unauthorized',
    `no token was given (${answer.status}${said === '' ? '' : `: ${said}`})`,
  );
}

export const noToken = () => new Trouble('unavailable', 'the answer does not have the form of a token');
