import { type Entry, type Mentioned, settle } from '../entry';
import type { LimitKind } from '../limit';
import type { Middleware } from '../pipeline';

/** How many deletions are let through without anyone's approval. */
export interface DeletionLimit {
  readonly kind: LimitKind;
  /** More than this, and more than the share, are too many. */
  readonly count: number;
  /** Of all that there was before: 0.5 is half. */
  readonly share: number;
  /** All of so many, or more, is too many as well: one side was emptied. Null: that is not looked at. */
  readonly emptiedFrom: number | null;
  /** All that there is now. */
  readonly total: () => Promise<number>;
  /** Deletions of the last hours that went through the gate: they count, however they came. */
  readonly recent: () => Promise<number>;
}

export interface DeletionGateSettings {
  readonly limit: DeletionLimit | null;
  /** All that the stage would delete. */
  readonly destructive: readonly Entry[];
  /** Someone approved exactly that. */
  readonly isApproved: (entry: Entry) => boolean;
}

/** Lets deletions through together, or none: too many of them wait for one approval, or are skipped. */
export function deletionGate<In extends Mentioned>(settings: DeletionGateSettings): Middleware<In> {
  const { limit, destructive, isApproved } = settings;
  let tooMany: Promise<boolean> | undefined;
  return async (entry, next) => {
    if (limit === null || isApproved(entry)) return next(entry);
    tooMany ??= areTooMany(limit, destructive.filter((one) => !isApproved(one)).length);
    if (!(await tooMany)) return next(entry);
    if (limit.kind === 'hard') {
      settle(entry, 'skipped', { code: 'too-many-deletions', values: {} });
      return;
    }
    entry.needs = 'deletions';
    settle(entry, 'held', 'so many deletions wait for an approval');
  };
}

async function areTooMany(limit: DeletionLimit, waiting: number): Promise<boolean> {
  const { count, share, emptiedFrom, total, recent } = limit;
  const done = await recent();
  const deletions = waiting + done;
  const mayEmpty = emptiedFrom !== null && deletions >= emptiedFrom;
  if (deletions <= count && !mayEmpty) return false;
  const before = (await total()) + done;
  return (mayEmpty && deletions >= before) || (deletions > count && deletions > before * share);
}
