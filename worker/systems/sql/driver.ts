import type { TroubleKind } from '../../pipeline/trouble';

/** A database that is reached over a network: it runs statements and returns rows. There is one per opened system. */
export interface SqlDriver {
  /**
   * Runs the steps one after another, in one transaction if there are several. Each step gets the rows of the step
   * before; if there are none, the rest is left out. Returns the rows of the last step that was run. Throws `SqlFault`
   * if the server refuses, `Trouble` if it cannot be reached, and the signal's reason once it is aborted.
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

/** Every value except bytes is sent as text: the server reads and writes its own types without loss. */
export type SqlValue = string | Uint8Array | null;

/** The values of one row in the order of the columns that were asked for. */
export type SqlRow = readonly SqlValue[];

/** The server's error if it refuses a statement. */
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
  /** The name of the violated constraint or unique index. */
  readonly constraint?: string | undefined;
  /** Where in the server it was raised. */
  readonly routine?: string | undefined;
}

/** The meaning of a fault. */
export type FaultVerdict =
  /** Two transactions interfered: ours was rolled back, and may be repeated at once. */
  | { readonly kind: 'again' }
  /** Another row has a value that only one may have. */
  | { readonly kind: 'duplicate' }
  /** The server refuses this row. */
  | { readonly kind: 'refused'; readonly code: 'invalid' | 'forbidden' | 'too-large' }
  | { readonly kind: 'trouble'; readonly trouble: TroubleKind; readonly retryAfterMs?: number };
