import { settle } from '../entry';
import { type Side, sides } from '../mappings';
import type { Middleware } from '../pipeline';

export interface DeduplicateSettings {
  /** The turn of the last mention of a key in this run; -1: none. */
  readonly lastTurn: (side: Side, key: string) => number;
}

/** However often both sides mention an entity in one run, its last mention alone goes on. */
export function deduplicate({ lastTurn }: DeduplicateSettings): Middleware {
  return (entry, next) => {
    const { side, mention, mapping, turn } = entry;
    const keys = mapping?.keys ?? { here: null, there: null, [side]: mention.key };
    const isLast = sides.every((one) => {
      const key = keys[one];
      return key === null || lastTurn(one, key) <= turn;
    });
    if (isLast) return next();
    settle(entry, 'duplicate');
    return Promise.resolve();
  };
}
