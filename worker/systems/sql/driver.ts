import type { TroubleKind } from '../../pipeline/trouble';

/** A database that is reached over a network: statements go in, rows come out. One per opened system. */
export interface SqlDriver {
  /**
   * Runs them one after another, in one transaction where there are several. Each is made of the rows of the one
   * before; where that has none, the rest is left out. Returns the rows of the last one that was run. Throws `SqlFault`
   * where the server refuses, `Trouble` where it cannot be reached, and what the signal says once it is aborted.
   */
  run(steps: readonly SqlStep[], signal: AbortSignal): Promise<readonly SqlRow[]>;
  /** Ends its connections. */
  close(): Promise<void>;
}

export type SqlStep = (before: readonly SqlRow[]) => SqlStatement;

export interface SqlStatement {
  readonly text: string;
  /** In the order of their places in the text. */
  readonly values: readonly SqlValue[];
}

/** Every value but bytes goes as text: the server reads and writes its own types without loss. */
export type SqlValue = string | Uint8Array | null;

/** The values of one row in the order of the columns that were asked for. */
export type SqlRow = readonly SqlValue[];

/** What a server says where it does not do what it was told. */
export class SqlFault extends Error {
  override readonly name = 'SqlFault';

  constructor(
    /** SQLSTATE, or the number of the error. */
    readonly code: string,
    message: string,
    readonly particulars: FaultParticulars = {},
  ) {
    super(message);
  }
}

export interface FaultParticulars {
  readonly column?: string | undefined;
  /** Of the constraint or the unique index that was violated. */
  readonly constraint?: string | undefined;
  /** Where in the server it was raised. */
  readonly routine?: string | undefined;
}

/** What a fault means. */
export type FaultVerdict =
  /** Two transactions were in each other's way: it was undone, and may be done again at once. */
  | { readonly kind: 'again' }
  /** Another row has a value that only one may have. */
  | { readonly kind: 'duplicate' }
  /** The server does not take this row. */
  | { readonly kind: 'refused'; readonly code: 'invalid' | 'forbidden' | 'too-large' }
  | { readonly kind: 'trouble'; readonly trouble: TroubleKind; readonly retryAfterMs?: number };
