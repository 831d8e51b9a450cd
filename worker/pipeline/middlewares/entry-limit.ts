import { type Mentioned, settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware, Next } from '../pipeline';

/** Counts every entry. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function entryLimit<In extends Mentioned>(limit: Limit<In> | null): Middleware<In> {
  let counted = 0;
  return (entry, next) => {
    const standing = limit?.standing?.(entry) ?? 'counted';
    // An entry in a further pass was already counted.
    const isFirst = entry.attempts === 1 && entry.pass.number === 0;
    if (isFirst && standing === 'counted') counted += 1;
    if (limit === null || standing === 'exempt') return next(entry);
    return judge(limit, entry, standing === 'waiting' ? Infinity : counted, next);
  };
}

async function judge<In extends Mentioned>(
  limit: Limit<In>,
  entry: In,
  place: number,
  next: Next<In>,
): Promise<void> {
  if (place <= (await limit.allowed())) return next(entry);
  if (limit.kind === 'hard') {
    settle(entry, 'skipped', { code: 'too-many-changes', values: {} });
    return;
  }
  entry.needs = 'changes';
  return next(entry);
}
