import type { Entry } from './entry';

/** `soft`: what is above waits for an approval; `hard`: it is skipped. */
export type LimitKind = 'soft' | 'hard';

export interface Limit {
  readonly kind: LimitKind;
  /** How many of a run are let through. Asked often: keep the answer. */
  readonly allowed: () => number | Promise<number>;
  /** What an earlier run held goes on waiting, and takes nobody's turn. */
  readonly waits?: (entry: Entry) => boolean;
}
