/** The errors that a system or the links may throw, by their effect. */
export type TroubleKind =
  /** A listing cannot continue from its cursor and starts again. */
  | 'cursor-expired'
  /** No call will be accepted until a person has done something. */
  | 'unauthorized'
  /** Too many calls: none before `retryAfterMs` is over. */
  | 'throttled'
  /** The server, or the way to it, failed. It may work again. */
  | 'unavailable'
  /** Another runner has taken over: nothing of ours may be written from now on. */
  | 'lease-lost'
  /** Our own database does not answer. */
  | 'database-away'
  /** The system lacks a field that is kept equal: nothing may be written before its settings or the system change. */
  | 'fields'
  /** The folder that the pair keeps equal is not there: it is not an empty folder. */
  | 'root-missing'
  /** The server will never take this as it is. */
  | 'invalid';

export class Trouble extends Error {
  override readonly name = 'Trouble';

  constructor(
    readonly kind: TroubleKind,
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What an error ends: its entry, all work with its system, or the run. */
export type Scope = 'entry' | 'system' | 'run';

/**
 * An error that is not a `Trouble` only concerns its entry, which is tried again. (Several `unavailable` in a row
 * concern the system. They are counted in calls.ts.)
 */
export function scopeOf(error: unknown): Scope {
  if (!(error instanceof Trouble)) return isAbort(error) ? 'run' : 'entry';
  switch (error.kind) {
    case 'unauthorized':
    case 'throttled':
    case 'root-missing':
      return 'system';
    case 'lease-lost':
    case 'database-away':
    case 'fields':
      return 'run';
    case 'cursor-expired':
    case 'unavailable':
    case 'invalid':
      return 'entry';
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
