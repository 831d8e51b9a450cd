import { type FieldProblem, faultText } from '../domain/field-fault';
import type { Reason } from '../domain/reason';
import { reasonText } from '../domain/reason-english';

/** The kind of a foreseen error, in the words of the domain. Only the API turns a kind into an HTTP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'absent'
  | 'wrong-method'
  | 'unacceptable'
  | 'conflict'
  | 'stale'
  | 'overdue'
  | 'too-large'
  | 'head-too-large'
  | 'out-of-range'
  | 'unsupported'
  | 'unmet'
  | 'unprocessable'
  | 'too-many'
  | 'unavailable'
  /** A system that we called has not answered. */
  | 'unanswered';

export interface ErrorParticulars {
  /** Extra members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** When the client may try again, for `too-many` and `unavailable`. */
  readonly retryAfterSeconds?: number | undefined;
  /** The methods that are allowed, for `wrong-method`. */
  readonly allowedMethods?: readonly string[];
}

/** A foreseen failure. Built only by the functions of `errors/catalog.ts`. */
export class AppError extends Error {
  readonly members: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  readonly allowedMethods: readonly string[] | undefined;

  constructor(
    readonly kind: ErrorKind,
    /** Stable code that clients rely on, e.g. `wrong-status`. */
    readonly code: string,
    /** A sentence for the person who reads the answer; never holds a path, an SQL text or a secret. */
    readonly detail: string,
    { members = {}, retryAfterSeconds, allowedMethods }: ErrorParticulars = {},
  ) {
    super(`${code}: ${detail}`);
    this.name = 'AppError';
    this.members = members;
    this.retryAfterSeconds = retryAfterSeconds;
    this.allowedMethods = allowedMethods;
  }
}

/** Fields that cannot be taken as they are. Programs are told in English; pages word `problems` by themselves. */
export class InvalidFields extends AppError {
  constructor(readonly problems: readonly FieldProblem[]) {
    const told = problems.map(({ field, fault }) => ({ field, reason: faultText(fault) }));
    const detail = told.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
    super('unprocessable', 'invalid-fields', detail, { members: { problems: told } });
  }
}

/** One code, many reasons. Programs are told in English; pages word `reason` by themselves. */
export class ReasonedError extends AppError {
  constructor(
    kind: ErrorKind,
    code: string,
    readonly reason: Reason,
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(kind, code, reasonText(reason), { members });
  }
}

/** For `catch`: null in place of what is absent. Other errors are thrown again. */
export function nullWhereAbsent(error: unknown): null {
  if (error instanceof AppError && error.kind === 'absent') return null;
  throw error;
}
