import { createHash } from 'node:crypto';
import { canonicalText } from '../../shared/domain/merge-copy';
import type { ApprovalKind, Entry } from './entry';
import { sides } from './sides';
import { deletedState, type State } from './state';
import type { Item } from './system';

/** Work that someone must approve before it is done. */
export interface Approval {
  readonly kind: ApprovalKind;
  readonly entries: readonly Entry[];
  /** The signatures of the entries, in order. A run lets through the entries with approved signatures. */
  readonly signatures: readonly string[];
  /** The digest of the plan. Exactly this plan is approved. */
  readonly digest: string;
}

/** The approvals that a run needs: one for its changes and one for its deletions. */
export function approvalsOf(held: readonly Entry[]): Approval[] {
  return (['changes', 'deletions'] as const).flatMap((kind) => {
    const entries = held.filter(({ needs, verdict }) => needs === kind && verdict === 'held');
    if (entries.length === 0) return [];
    const signatures = entries.map(signatureOf);
    return [{ kind, entries, signatures, digest: planDigest(signatures) }];
  });
}

/** Lets through the entries with these signatures. */
export const approvedBy =
  (signatures: ReadonlySet<string>) =>
  (entry: Entry): boolean =>
    signatures.has(signatureOf(entry));

/**
 * Describes what would be done to an entity and on which revisions that was decided. Another revision of either side
 * gives another signature.
 */
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

/** An entity that is gone has no revision, whether it left a tombstone or no trace. */
const revisionOf = (item: Item | null) => (item?.isActive === true ? item.revision : null);

/** In whichever order they come. */
export const planDigest = (signatures: readonly string[]): string => digestOf([...signatures].sort());

const digestOf = (parts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
