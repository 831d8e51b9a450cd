import type { Mentioned, Resolved } from './entry';

/** `soft`: entries above the limit wait for an approval; `hard`: they are skipped. */
export type LimitKind = 'soft' | 'hard';

/** `waiting`: an earlier run already held it, and it does not count; `exempt`: another limit applies to it. */
export type Standing = 'counted' | 'waiting' | 'exempt';

export interface Limit<In extends Mentioned = Resolved> {
  readonly kind: LimitKind;
  /** How many of the group of an entry are let through. Asked often: keep the answer. */
  readonly allowed: (entry: In) => number | Promise<number>;
  /** Each group of entries is counted by itself. Left out: all are one group. */
  readonly groupOf?: (entry: In) => string;
  /** Asked when an entry is finished: whether it counts. Left out: each does. */
  readonly counts?: (entry: In) => boolean;
  /** All are counted, unless this says otherwise. */
  readonly standing?: (entry: In) => Standing;
}
