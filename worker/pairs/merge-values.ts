import type { FieldValue } from '../../shared/domain/merge-copy';
import type { FieldDifference } from '../../shared/domain/merge-differences';
import type { GroupConflict } from '../../shared/systems/pair-settings';
import type { Decision } from '../pipeline/policies';

type Merge = Extract<GroupConflict, object>['merge'];

/** Merges two values into one, for each disputed field. */
export const mergedValues = (merge: Merge, disputed: readonly FieldDifference[]): Decision => ({
  values: Object.fromEntries(disputed.map((difference) => [difference.name, mergedValue(merge, difference)])),
});

function mergedValue(merge: Merge, { one, other }: FieldDifference): FieldValue {
  // One side removed the value and the other changed it: the changed value is kept.
  if (one === null || other === null) return one ?? other;
  switch (merge) {
    case 'append-lines':
      return joined(one, other, /\r?\n/, '\n');
    case 'longest':
      return textOf(other).length > textOf(one).length ? other : one;
    case 'union':
      return joined(one, other, /\s*[,;\n]\s*/, ', ');
  }
}

/** The parts of the value here, followed by the parts that only the value there has. */
function joined(one: FieldValue, other: FieldValue, separator: RegExp, between: string): string {
  const parts = textOf(one).split(separator);
  const known = new Set(parts);
  return [
    ...parts,
    ...textOf(other)
      .split(separator)
      .filter((part) => !known.has(part)),
  ].join(between);
}

const textOf = (value: FieldValue): string =>
  value === null ? '' : typeof value === 'object' ? value.xml : String(value);
