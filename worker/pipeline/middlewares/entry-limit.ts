import { settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware } from '../pipeline';

/** Counts every entry. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function entryLimit(limit: Limit | null): Middleware {
  let counted = 0;
  return async (entry, next) => {
    // An entry that starts anew was counted.
    if (entry.attempts === 1) counted += 1;
    if (limit === null || counted <= (await limit.allowed())) return next();
    if (limit.kind === 'hard') {
      settle(entry, 'skipped', 'more entries than one run may have');
      return;
    }
    entry.needs = 'changes';
    return next();
  };
}
