import { type Found, settle } from '../entry';
import { type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';

export interface DeduplicateSettings {
  /** The turn of the last mention of a key in this run; -1: none. */
  readonly lastTurn: (side: Side, key: string) => number;
}

/** However often both sides mention an entity in one run, only its last mention continues. */
export function deduplicate<In extends Found>({ lastTurn }: DeduplicateSettings): Middleware<In> {
  return (entry, next) => {
    const isLast = sides.every((side) => {
      const key = entry.items[side]?.key ?? entry.link?.ends[side]?.key;
      return key === undefined || lastTurn(side, key) <= entry.turn;
    });
    if (isLast) return next(entry);
    settle(entry, 'duplicate');
    return Promise.resolve();
  };
}
