import { type Entry, settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware, Next } from '../pipeline';

/** Counts every entry. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function entryLimit(limit: Limit | null): Middleware {
  let counted = 0;
  return (entry, next) => {
    const standing = limit?.standing?.(entry) ?? 'counted';
    // An entry that starts anew was counted.
    if (entry.attempts === 1 && standing === 'counted') counted += 1;
    if (limit === null || standing === 'exempt') return next();
    return judge(limit, entry, standing === 'waiting' ? Infinity : counted, next);
  };
}

async function judge(limit: Limit, entry: Entry, place: number, next: Next): Promise<void> {
  if (place <= (await limit.allowed())) return next();
  if (limit.kind === 'hard') {
    settle(entry, 'skipped', 'more entries than one run may have');
    return;
  }
  entry.needs = 'changes';
  return next();
}
