import { fieldOf, type Fields, sameValue } from './merge-copy';

/** If a field flips this often within this time, the two sides keep undoing each other's change. */
export const flipLimits = { flips: 3, minutes: 60 } as const;

/**
 * The field that goes back and forth, if any. A flip is a change back to the value before the last: 4, 3, 4 is one,
 * 4, 3, 4, 3 are two.
 *
 * @param versions an entity's fields, the earliest first; the last is the one that is about to be written.
 */
export function flippingField(versions: readonly Fields[], flips: number = flipLimits.flips): string | null {
  if (versions.length < flips + 2) return null;
  const names = new Set(versions.flatMap((fields) => Object.keys(fields)));
  for (const name of names) if (countFlips(versions, name) >= flips) return name;
  return null;
}

function countFlips(versions: readonly Fields[], name: string): number {
  const values = versions.map((fields) => fieldOf(fields, name));
  const changed = values.filter((value, index) => index === 0 || !sameValue(value, values[index - 1]));
  return changed.filter((value, index) => index >= 2 && sameValue(value, changed[index - 2])).length;
}
