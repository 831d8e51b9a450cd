import { createHash } from 'node:crypto';
import { canonicalText } from '../../shared/domain/merge-copy';
import type { ApprovalKind, Entry } from './entry';
import { deletedState } from './state';

/** What someone must approve before it is done. */
export interface Approval {
  readonly kind: ApprovalKind;
  readonly entries: readonly Entry[];
  /** Of the plan: what is approved is exactly that. */
  readonly digest: string;
}

/** All that a run holds for an approval: one for its changes, one for its deletions. */
export function approvalsOf(held: readonly Entry[]): Approval[] {
  return (['changes', 'deletions'] as const).flatMap((kind) => {
    const entries = held.filter(({ needs, verdict }) => needs === kind && verdict === 'held');
    return entries.length === 0 ? [] : [{ kind, entries, digest: planDigest(entries.map(signatureOf)) }];
  });
}

/** What would be done to an entity, and what it was decided on: another revision of either side is another plan. */
export function signatureOf({ side, mention, views, result }: Entry): string {
  const { place } = result ?? deletedState;
  return digestOf([
    side,
    mention.key,
    views.here.item?.revision ?? null,
    views.there.item?.revision ?? null,
    canonicalText(result ?? deletedState),
    place?.parent ?? null,
    place?.name ?? null,
  ]);
}

/** In whichever order they come. */
export const planDigest = (signatures: readonly string[]): string => digestOf([...signatures].sort());

const digestOf = (parts: readonly (string | null)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
