/** First and last id, both within it, as decimal texts. */
export type IdSpan = readonly [first: string, last: string];

/** Ids that a solution must have given to rows of a log, but that were never received. */
export interface LogGaps {
  /** How many ids are missing, as a decimal text. */
  readonly missing: string;
  /** The first 100, in order. */
  readonly ranges: readonly IdSpan[];
}

export const maxReportedGaps = 100;
