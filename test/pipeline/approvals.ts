import { planDigest, signatureOf } from '../../worker/pipeline/approval';
import type { ApprovalKind, Entry } from '../../worker/pipeline/entry';

/** The entries that someone must approve. */
export interface Approval {
  readonly kind: ApprovalKind;
  readonly entries: readonly Entry[];
  /** The signatures of the entries, in their order. A run lets these through. */
  readonly signatures: readonly string[];
  /** The digest of the plan. The approval applies to exactly this plan. */
  readonly digest: string;
}

/** All that a run holds for an approval: one for its changes, one for its deletions. */
export function approvalsOf(held: readonly Entry[]): Approval[] {
  return (['changes', 'deletions'] as const).flatMap((kind) => {
    const entries = held.filter(({ needs, verdict }) => needs === kind && verdict === 'held');
    if (entries.length === 0) return [];
    const signatures = entries.map((entry) => signatureOf(entry));
    return [{ kind, entries, signatures, digest: planDigest(signatures) }];
  });
}

/** Lets a run carry out the entries with these signatures. */
export const approvedBy =
  (signatures: ReadonlySet<string>) =>
  (entry: Entry): boolean =>
    signatures.has(signatureOf(entry));
