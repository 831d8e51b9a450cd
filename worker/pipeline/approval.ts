import { createHash } from 'node:crypto';
import { canonicalText } from '../../shared/domain/merge-copy';
import type { ApprovalKind, Entry } from './entry';
import { sides } from './sides';
import { deletedState, type State } from './state';
import type { Item } from './system';

/** What someone must approve before it is done. */
export interface Approval {
  readonly kind: ApprovalKind;
  readonly entries: readonly Entry[];
  /** Of each entry, in their order: what a run is told to let through. */
  readonly signatures: readonly string[];
  /** Of the plan: what is approved is exactly that. */
  readonly digest: string;
}

/** All that a run holds for an approval: one for its changes, one for its deletions. */
export function approvalsOf(held: readonly Entry[]): Approval[] {
  return (['changes', 'deletions'] as const).flatMap((kind) => {
    const entries = held.filter(({ needs, verdict }) => needs === kind && verdict === 'held');
    if (entries.length === 0) return [];
    const signatures = entries.map(signatureOf);
    return [{ kind, entries, signatures, digest: planDigest(signatures) }];
  });
}

/** What a run is told to let through: those of these signatures. */
export const approvedBy =
  (signatures: ReadonlySet<string>) =>
  (entry: Entry): boolean =>
    signatures.has(signatureOf(entry));

/** What would be done to an entity, and what it was decided on: another revision of either side is another plan. */
export function signatureOf({ side, mention, items, results }: Entry): string {
  const decided = sides.flatMap((one) => partsOf(results?.[one] ?? deletedState));
  return digestOf([
    side,
    mention.key,
    revisionOf(items?.here ?? null),
    revisionOf(items?.there ?? null),
    ...decided,
  ]);
}

const partsOf = (state: State) => [
  canonicalText(state),
  state.place?.parent ?? null,
  state.place?.name ?? null,
  state.content ?? null,
];

/** What is gone has none: a tombstone and no trace at all are the same. */
const revisionOf = (item: Item | null) => (item?.isActive === true ? item.revision : null);

/** In whichever order they come. */
export const planDigest = (signatures: readonly string[]): string => digestOf([...signatures].sort());

const digestOf = (parts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
