import { type Copy, fieldOf, type Fields, type FieldValue, sameCopy, sameValue } from './merge-copy';

/** How one side's copy has changed since both sides last agreed. */
export type CopyChange = 'unchanged' | 'changed' | 'deleted';

/**
 * If the base is deleted or absent, nothing was agreed: an active copy is then new, and any other copy is unchanged.
 */
export function changeOf(base: Copy | null, copy: Copy | null): CopyChange {
  const wasThere = base?.isActive === true;
  if (copy?.isActive !== true) return wasThere ? 'deleted' : 'unchanged';
  return wasThere && sameCopy(base, copy) ? 'unchanged' : 'changed';
}

/** A field that two sides hold differently. */
export interface FieldDifference {
  readonly name: string;
  readonly base: FieldValue;
  readonly one: FieldValue;
  readonly other: FieldValue;
  /** `both`: each differs from what it was before. */
  readonly changedBy: 'one' | 'other' | 'both';
}

/** True where two values of a field say the same. */
export type SameValue = (one: FieldValue, other: FieldValue, name: string) => boolean;

/**
 * Compares field by field: all fields that any copy has, or only `names`. `otherBase`: what the other side held before,
 * where that is not what this one held; what differs and was changed by neither is then no difference.
 */
export function differingFields(
  copies: {
    readonly base: Fields;
    readonly otherBase?: Fields;
    readonly one: Fields;
    readonly other: Fields;
  },
  names: Iterable<string> = namesOf(copies),
  isSame: SameValue = sameValue,
): FieldDifference[] {
  const found: FieldDifference[] = [];
  for (const name of names) {
    const base = fieldOf(copies.base, name);
    const one = fieldOf(copies.one, name);
    const other = fieldOf(copies.other, name);
    if (isSame(one, other, name)) continue;
    const isOneChanged = !isSame(one, base, name);
    const isOtherChanged = !isSame(other, fieldOf(copies.otherBase ?? copies.base, name), name);
    if (!isOneChanged && !isOtherChanged) continue;
    const changedBy = isOneChanged && isOtherChanged ? 'both' : isOneChanged ? 'one' : 'other';
    found.push({ name, base, one, other, changedBy });
  }
  return found;
}

const namesOf = ({ base, one, other }: Readonly<Record<'base' | 'one' | 'other', Fields>>) =>
  new Set([...Object.keys(base), ...Object.keys(one), ...Object.keys(other)]);
