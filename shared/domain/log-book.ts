import type { IdSpan } from './log-gaps';

/** Ids for which the stored rows and the records of uploads disagree. */
export interface IdsInDoubt {
  /** How many, as a decimal text. */
  readonly count: string;
  /** The first 100 ranges, in order. */
  readonly ranges: readonly IdSpan[];
}

/**
 * The state of every id of a log, from the first one received (or the one from which they are counted) up to the
 * highest. `stored + refused + discarded + absent + removed + missing + lost` are all of them. Decimal texts.
 */
export interface LogBook {
  readonly highestId: string;
  readonly stored: string;
  /** In quarantine, or refused when that was full. */
  readonly refused: string;
  readonly discarded: string;
  /** The solution said that it never had them. */
  readonly absent: string;
  /** By retention or an approved replacement. */
  readonly removed: string;
  /** They never came. */
  readonly missing: string;
  /** They were stored and are missing now, and no recorded action explains it. */
  readonly lost: IdsInDoubt;
  /** They are stored, but no upload contained them. */
  readonly unknown: IdsInDoubt;
}
