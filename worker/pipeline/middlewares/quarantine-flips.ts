import { quotable } from '../../../shared/domain/reason';
import { flippingField } from '../../../shared/domain/flips';
import type { Fields } from '../../../shared/domain/merge-copy';
import { type Decided, settle } from '../entry';
import { sides } from '../sides';
import type { Middleware, Next } from '../pipeline';
import { sameState } from '../state';

export interface QuarantineFlipsSettings {
  /** What the entity was within the last hour, the earliest first; null: nobody keeps that. */
  readonly recentVersions: ((entry: Decided) => Promise<readonly Fields[]>) | null;
  /** Flips of one field from which on it is quarantined. */
  readonly flips: number;
}

/** An entity of which one field goes back and forth: two sides, or two programs, undo each other. */
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

/** Something that was there before is to be written. */
const isUpdate = ({ results, states, bases }: Decided): boolean =>
  sides.some(
    (side) => results[side].isActive && states[side].isActive && !sameState(states[side], results[side]),
  ) && sides.some((side) => bases[side] !== null && !sameState(bases[side], results[side]));
