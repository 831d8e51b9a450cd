import { type Mentioned, settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware, Next } from '../pipeline';

/** Counts the entries. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function entryLimit<In extends Mentioned>(limit: Limit<In> | null): Middleware<In> {
  const counted = new Map<string, number>();
  return async (entry, next) => {
    const standing = limit?.standing?.(entry) ?? 'counted';
    if (limit === null || standing === 'exempt') return next(entry);
    if (standing === 'waiting') return judge(limit, entry, Infinity, next);
    const group = limit.groupOf?.(entry) ?? '';
    const add = (more: number) => {
      const sum = (counted.get(group) ?? 0) + more;
      counted.set(group, sum);
      return sum;
    };
    // An entry in a further pass was already counted.
    const isFirst = entry.attempts === 1 && entry.pass.number === 0;
    await judge(limit, entry, add(isFirst ? 1 : 0), next);
    if (isFirst && limit.counts?.(entry) === false) add(-1);
  };
}

async function judge<In extends Mentioned>(
  limit: Limit<In>,
  entry: In,
  place: number,
  next: Next<In>,
): Promise<void> {
  if (place <= (await limit.allowed(entry))) return next(entry);
  if (limit.kind === 'hard') {
    settle(entry, 'skipped', { code: 'too-many-changes', values: {} });
    return;
  }
  entry.needs = 'changes';
  return next(entry);
}
