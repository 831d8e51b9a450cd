import { fieldOf, sameValue } from '../../shared/domain/merge-copy';
import { type PerSide, sides } from '../pipeline/sides';
import type { State } from '../pipeline/state';

/** Names of the fields that changed on either side, also `place` and `content`. */
export function changedFields(before: PerSide<State>, after: PerSide<State>): string[] {
  const changed = new Set<string>();
  for (const side of sides) {
    const [then, now] = [before[side], after[side]];
    for (const name of new Set([...Object.keys(then.fields), ...Object.keys(now.fields)]))
      if (!sameValue(fieldOf(then.fields, name), fieldOf(now.fields, name))) changed.add(name);
    if (then.place?.parent !== now.place?.parent || then.place?.name !== now.place?.name)
      changed.add('place');
    if (then.content !== now.content) changed.add('content');
  }
  return [...changed];
}
