import { type Copy, fieldOf, type Fields, sameCopy, sameValue } from './merge-copy';
import type { SolutionEdit } from './rollout';

/** What an edit makes of the manager's copy. */
export interface EditedCopy {
  /** Null: the copy stays, because it already says the same. */
  readonly copy: Copy | null;
  /** The fields that are as the edit wants them; empty for a deletion. */
  readonly written: Fields;
}

/** `current` null: there is no such entity. Returns null if the edit does not apply: the solution has values of its own. */
export function editedCopy(
  current: Copy | null,
  { fields, expected }: Pick<SolutionEdit, 'fields' | 'expected'>,
): EditedCopy | null {
  const held = current?.isActive === true ? current.fields : null;
  if (fields === null) return deleted(held, expected);
  if (held === null && !mayBeMissing(expected)) return null;
  const wanted = Object.entries(fields).filter(
    ([name]) => held === null || isAsExpected(held, expected, name),
  );
  if (wanted.length === 0 && held !== null) return null;
  const written = Object.fromEntries(wanted);
  const copy: Copy = {
    isActive: true,
    fields: Object.fromEntries([...Object.entries(held ?? {}), ...wanted]),
  };
  return { copy: sameCopy(current, copy) ? null : copy, written };
}

function deleted(held: Fields | null, expected: Fields | null): EditedCopy | null {
  if (held === null) return null;
  const isOwn = Object.keys(expected ?? {}).some((name) => !isAsExpected(held, expected, name));
  return isOwn ? null : { copy: { isActive: false, fields: held }, written: {} };
}

/** An entity that is missing has no values, so it is as expected where no field was to have one. */
function mayBeMissing(expected: Fields | null): boolean {
  if (expected === null) return true;
  const values = Object.values(expected);
  return values.length > 0 && values.every((value) => value === null);
}

const isAsExpected = (held: Fields, expected: Fields | null, name: string): boolean =>
  expected === null ||
  !Object.hasOwn(expected, name) ||
  sameValue(fieldOf(held, name), fieldOf(expected, name));
