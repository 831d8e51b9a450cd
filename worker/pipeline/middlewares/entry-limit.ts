import { settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware } from '../pipeline';

/** Counts every entry. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function entryLimit(limit: Limit | null): Middleware {
  let counted = 0;
  return async (entry, next) => {
    const isWaiting = limit?.waits?.(entry) === true;
    // An entry that starts anew was counted.
    if (entry.attempts === 1 && !isWaiting) counted += 1;
    const isAbove = isWaiting || (limit !== null && counted > (await limit.allowed()));
    if (limit === null || !isAbove) return next();
    if (limit.kind === 'hard') {
      settle(entry, 'skipped', 'more entries than one run may have');
      return;
    }
    entry.needs = 'changes';
    return next();
  };
}
