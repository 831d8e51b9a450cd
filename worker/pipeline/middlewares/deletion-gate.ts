import { type Entry, type Mentioned, settle } from '../entry';
import type { LimitKind } from '../limit';
import type { Middleware } from '../pipeline';

/** How many deletions are let through without anyone's approval. */
export interface DeletionLimit {
  readonly kind: LimitKind;
  /** More than this, and more than the share, are too many. */
  readonly count: number;
  /** The share of all items that existed before: 0.5 is half. */
  readonly share: number;
  /** Deleting all items is also too many if there were at least this many. Null: this is not checked. */
  readonly emptiedFrom: number | null;
  /** All that there is now. */
  readonly total: () => Promise<number>;
  /** Deletions of the last hours that were let through. They count, however they were mentioned. */
  readonly recent: () => Promise<number>;
}

export interface DeletionGateSettings {
  readonly limit: DeletionLimit | null;
  /** All entries that the stage would delete. */
  readonly destructive: readonly Entry[];
  /** Someone approved exactly that. */
  readonly isApproved: (entry: Entry) => boolean;
}

/** Lets all deletions through, or none of them: if there are too many, they wait for one approval or are skipped. */
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
    settle(entry, 'held', { code: 'deletions-wait', values: {} });
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
