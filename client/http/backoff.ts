import { setTimeout as sleep } from 'node:timers/promises';
import { ServerProblem, SolutionError } from '../solution-error';

/** How long to continue trying, and how often. */
export interface RetryPolicy {
  /** The number of attempts, including the first. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** About ten minutes in all: long enough for a restart of the server or a van in a tunnel. */
export const patient: RetryPolicy = { attempts: 25, firstDelayMs: 500, maxDelayMs: 30_000 };

export interface Retrying {
  readonly policy: RetryPolicy;
  readonly random: () => number;
  /** Is called before each wait. */
  readonly onRetry: (error: SolutionError, delayMs: number, attempt: number) => void;
}

/** Repeats `work`, after a growing wait with jitter, as long as the failure may pass by itself. */
export async function withRetries<T>(retrying: Retrying, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (!mayPass(error) || attempt >= retrying.policy.attempts) throw error;
      const delayMs = delayBefore(attempt, retrying, error);
      retrying.onRetry(error, delayMs, attempt);
      await sleep(delayMs);
    }
  }
}

/** True: the same call may succeed a little later. */
export function mayPass(error: unknown): error is SolutionError {
  if (error instanceof ServerProblem)
    return passingStatuses.has(error.status) || error.code === 'digest-mismatch';
  return error instanceof SolutionError && error.code === 'connection-lost';
}

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Exponential with full jitter, and never shorter than the server's Retry-After. */
export function delayBefore(
  attempt: number,
  { policy, random }: Pick<Retrying, 'policy' | 'random'>,
  error: SolutionError,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  const asked = error instanceof ServerProblem ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  // Jitter is added to Retry-After, because otherwise all refused clients would come back at the same moment.
  return Math.round(asked + ceiling * random());
}
