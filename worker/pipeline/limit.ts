import type { Mentioned, Resolved } from './entry';

/** `soft`: what is above waits for an approval; `hard`: it is skipped. */
export type LimitKind = 'soft' | 'hard';

/** `waiting`: an earlier run held it, and it takes nobody's turn; `exempt`: another limit is about it. */
export type Standing = 'counted' | 'waiting' | 'exempt';

export interface Limit<In extends Mentioned = Resolved> {
  readonly kind: LimitKind;
  /** How many of a run are let through. Asked often: keep the answer. */
  readonly allowed: () => number | Promise<number>;
  /** All are counted, unless this says otherwise. */
  readonly standing?: (entry: In) => Standing;
}
