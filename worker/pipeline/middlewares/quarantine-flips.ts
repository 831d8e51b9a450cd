import { flippingField } from '../../../shared/domain/flips';
import type { Fields } from '../../../shared/domain/merge-copy';
import { type Entry, settle } from '../entry';
import { sides } from '../mappings';
import type { Middleware, Next } from '../pipeline';
import { sameState } from '../state';

export interface QuarantineFlipsSettings {
  /** What the entity was within the last hour, the earliest first; null: nobody keeps that. */
  readonly recentVersions: ((entry: Entry) => Promise<readonly Fields[]>) | null;
  /** Flips of one field from which on it is quarantined. */
  readonly flips: number;
}

/** An entity of which one field goes back and forth: two sides, or two programs, undo each other. */
export function quarantineFlips({ recentVersions, flips }: QuarantineFlipsSettings): Middleware {
  return (entry, next) =>
    recentVersions === null || !isUpdate(entry) ? next() : judge(entry, next, recentVersions, flips);
}

async function judge(
  entry: Entry,
  next: Next,
  recentVersions: NonNullable<QuarantineFlipsSettings['recentVersions']>,
  flips: number,
): Promise<void> {
  const field = flippingField([...(await recentVersions(entry)), entry.result?.fields ?? {}], flips);
  if (field === null) return next();
  settle(entry, 'quarantined', `${field} went back and forth ${flips} times within an hour`);
}

function isUpdate({ result, views, agreed }: Entry): boolean {
  if (result?.isActive !== true || agreed === null) return false;
  return (
    sides.some((side) => {
      const { state } = views[side];
      return state?.isActive === true && !sameState(state, result);
    }) && !sameState(agreed, result)
  );
}
