import type { z } from 'zod';
import { type Retrying, withRetries } from './http/backoff';
import type { Answer, Exchange, Outgoing, OutgoingBody } from './http/exchange';
import { commonHeaders, readJson } from './http/messages';
import { readProblem } from './http/problem';
import type { Session } from './session';
import { ServerProblem } from './solution-error';

/** One call of the protocol. Every call of this client may be repeated: that is what makes retries safe. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  /** e.g. `/v4/synchro/statut?wait=30&not=1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: OutgoingBody;
  /** Default: 60 s. */
  readonly idleTimeoutMs?: number;
}

/** The calls of a logged-in solution: with its token, its clock and its retries. */
export interface Connection {
  /**
   * Sends once. Returns any response below 400; its body is still to be read. @throws ServerProblem, `connection-lost`.
   */
  once(call: Call): Promise<Answer>;
  /**
   * Sends, and repeats after a wait, until there is a response below 400 or a retry makes no sense. The body of the
   * response is JSON of that shape.
   */
  json<T>(call: Call, shape: z.ZodType<T>): Promise<{ readonly value: T; readonly answer: Answer }>;
  readonly retrying: Retrying;
}

export interface ConnectionDeps {
  readonly exchange: Exchange;
  readonly session: Session;
  /** The device's clock, which may be wrong. */
  readonly now: () => Date;
  readonly retrying: Retrying;
}

export function createConnection(deps: ConnectionDeps): Connection {
  const once = async (call: Call): Promise<Answer> => {
    const token = await deps.session.token();
    const answer = await deps.exchange(outgoing(call, token, deps.now()));
    return answer.status < 400 ? answer : Promise.reject(await readProblem(answer));
  };
  const onceWithFreshToken = async (call: Call): Promise<Answer> => {
    const before = await deps.session.token();
    try {
      return await once(call);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      await deps.session.renew(before);
      return once(call);
    }
  };
  return {
    once: onceWithFreshToken,
    json: (call, shape) =>
      withRetries(deps.retrying, async () => {
        const answer = await onceWithFreshToken(call);
        return { value: await readJson(answer, shape), answer };
      }),
    retrying: deps.retrying,
  };
}

function outgoing(call: Call, token: string, now: Date): Outgoing {
  return {
    method: call.method,
    path: call.path,
    idleTimeoutMs: call.idleTimeoutMs ?? 60_000,
    headers: { ...commonHeaders(now), Authorization: `Bearer ${token}`, ...call.headers },
    ...(call.body === undefined ? {} : { body: call.body }),
  };
}

/** `locked` and `blocked` are 401 too, but no new login helps there. */
function isTokenRefused(error: unknown): boolean {
  return error instanceof ServerProblem && error.status === 401 && error.code === 'unauthorized';
}
