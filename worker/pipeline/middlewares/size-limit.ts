import { type Mentioned, settle } from '../entry';
import type { Limit, LimitKind } from '../limit';
import type { Middleware, Next } from '../pipeline';
import type { Reason } from '../../../shared/domain/reason';

export interface SizeLimitSettings {
  /** Of all entries of a run together. */
  readonly limit: Limit<Mentioned> | null;
  /** Of each entry. */
  readonly each: { readonly kind: LimitKind; readonly size: number } | null;
  /** Bytes, or what else the limits count. */
  readonly sizeOf: (entry: Mentioned) => number;
}

/** Entries above a soft limit wait for an approval, and those above a hard one are skipped. */
export function sizeLimit<In extends Mentioned>(settings: SizeLimitSettings): Middleware<In> {
  const { limit, each, sizeOf } = settings;
  let total = 0;
  return (entry, next) => {
    if (limit === null && each === null) return next(entry);
    const size = sizeOf(entry);
    if (each !== null && size > each.size) {
      entry.isAboveSizeLimit = true;
      return exceed(each.kind, entry, next, { code: 'entry-too-large', values: {} });
    }
    if (entry.attempts === 1 && entry.pass.number === 0) total += size;
    return limit === null ? next(entry) : judge(limit, entry, total, next);
  };
}

async function judge<In extends Mentioned>(
  limit: Limit<Mentioned>,
  entry: In,
  total: number,
  next: Next<In>,
): Promise<void> {
  if (total <= (await limit.allowed(entry))) return next(entry);
  return exceed(limit.kind, entry, next, { code: 'run-too-large', values: {} });
}

function exceed<In extends Mentioned>(
  kind: LimitKind,
  entry: In,
  next: Next<In>,
  reason: Reason,
): Promise<void> {
  if (kind === 'hard') {
    settle(entry, 'skipped', reason);
    return Promise.resolve();
  }
  entry.needs = 'changes';
  return next(entry);
}
