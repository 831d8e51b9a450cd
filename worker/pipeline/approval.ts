import { createHash } from 'node:crypto';
import { canonicalText } from '../../shared/domain/merge-copy';
import type { Entry } from './entry';
import { sides } from './sides';
import { deletedState, type State } from './state';
import type { Item } from './system';

/**
 * Describes what would be done to an entity and on which revisions that was decided. Another revision of either side
 * gives another signature. `linkFields` are left out, because a plan does not make the new entities that they name.
 */
export function signatureOf(
  { side, mention, items, results }: Entry,
  linkFields: readonly string[] = [],
): string {
  const parts = [
    side,
    mention.key,
    revisionOf(items?.here ?? null),
    revisionOf(items?.there ?? null),
    ...sides.map((one) => stateText(results?.[one] ?? deletedState, linkFields)),
  ];
  return digestOf(parts);
}

/** An entity that is gone has no revision, whether it left a tombstone or no trace. */
const revisionOf = (item: Item | null) => (item?.isActive === true ? item.revision : null);

function stateText(state: State, linkFields: readonly string[]): string {
  const fields = Object.fromEntries(
    Object.entries(state.fields).filter(([name]) => !linkFields.includes(name)),
  );
  return `${canonicalText({ ...state, fields })} ${state.place?.name ?? ''} ${state.content ?? ''}`;
}

/** Of the signatures of a plan, in whichever order they come. */
export const planDigest = (signatures: readonly string[]): string => digestOf([...signatures].sort());

const digestOf = (parts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
