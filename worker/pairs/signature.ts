import { createHash } from 'node:crypto';
import { canonicalText } from '../../shared/domain/merge-copy';
import type { Entry } from '../pipeline/entry';
import { sides } from '../pipeline/sides';
import { deletedState, type State } from '../pipeline/state';
import type { Item } from '../pipeline/system';

/**
 * What would be done to an entity, and what it was decided on: another revision of either side is another plan. What other
 * entities it names is left out, for a plan makes none of those that are new.
 */
export function pairSignature(
  { side, mention, items, results }: Entry,
  linkFields: readonly string[],
): string {
  const parts = [
    side,
    mention.key,
    revisionOf(items?.here ?? null),
    revisionOf(items?.there ?? null),
    ...sides.map((one) => stateText(results?.[one] ?? deletedState, linkFields)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What is gone has none: a tombstone and no trace at all are the same. */
const revisionOf = (item: Item | null) => (item?.isActive === true ? item.revision : null);

function stateText(state: State, linkFields: readonly string[]): string {
  const fields = Object.fromEntries(
    Object.entries(state.fields).filter(([name]) => !linkFields.includes(name)),
  );
  return `${canonicalText({ ...state, fields })} ${state.place?.name ?? ''} ${state.content ?? ''}`;
}
