import { quotable } from '../../../shared/domain/reason';
import { flippingField } from '../../../shared/domain/flips';
import type { Fields } from '../../../shared/domain/merge-copy';
import { type Decided, settle } from '../entry';
import { sides } from '../sides';
import type { Middleware, Next } from '../pipeline';
import { sameState } from '../state';

export interface QuarantineFlipsSettings {
  /** The versions of the entity within the last hour, the earliest first. Null: versions are not kept. */
  readonly recentVersions: ((entry: Decided) => Promise<readonly Fields[]>) | null;
  /** The number of flips of one field from which on the entity is quarantined. */
  readonly flips: number;
}

/**
 * Quarantines an entity if one of its fields goes back and forth because two sides or programs undo each other's
 * change.
 */
export function quarantineFlips({ recentVersions, flips }: QuarantineFlipsSettings): Middleware<Decided> {
  return (entry, next) =>
    recentVersions === null || !isUpdate(entry) ? next(entry) : judge(entry, next, recentVersions, flips);
}

async function judge(
  entry: Decided,
  next: Next<Decided>,
  recentVersions: NonNullable<QuarantineFlipsSettings['recentVersions']>,
  flips: number,
): Promise<void> {
  const field = flippingField([...(await recentVersions(entry)), entry.results.here.fields], flips);
  if (field === null) return next(entry);
  entry.conflict = { kind: 'flip', fields: [field], resolution: null };
  settle(entry, 'quarantined', {
    code: 'went-back-and-forth',
    values: { field: quotable(field), times: flips },
  });
}

/** True if an existing item would be written. */
const isUpdate = ({ results, states, bases }: Decided): boolean =>
  sides.some(
    (side) => results[side].isActive && states[side].isActive && !sameState(states[side], results[side]),
  ) && sides.some((side) => bases[side] !== null && !sameState(bases[side], results[side]));
