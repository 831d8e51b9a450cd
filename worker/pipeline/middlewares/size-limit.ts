import { type Entry, settle } from '../entry';
import type { Limit } from '../limit';
import type { Middleware, Next } from '../pipeline';

export interface SizeLimitSettings {
  /** Of all entries of a run together. */
  readonly limit: Limit | null;
  /** Bytes, or what else the limit counts. */
  readonly sizeOf: (entry: Entry) => number;
}

/** Adds up every entry. Those above a soft limit wait for an approval, those above a hard one are skipped. */
export function sizeLimit({ limit, sizeOf }: SizeLimitSettings): Middleware {
  let total = 0;
  return (entry, next) => {
    if (limit === null) return next();
    if (entry.attempts === 1) total += sizeOf(entry);
    return judge(limit, entry, total, next);
  };
}

async function judge(limit: Limit, entry: Entry, total: number, next: Next): Promise<void> {
  if (total <= (await limit.allowed())) return next();
  if (limit.kind === 'hard') {
    settle(entry, 'skipped', 'more data than one run may have');
    return;
  }
  entry.needs = 'changes';
  return next();
}
