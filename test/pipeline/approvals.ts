import { planDigest, signatureOf } from '../../worker/pipeline/approval';
import type { ApprovalKind, Entry } from '../../worker/pipeline/entry';

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
    const signatures = entries.map((entry) => signatureOf(entry));
    return [{ kind, entries, signatures, digest: planDigest(signatures) }];
  });
}

/** What a run is told to let through: those of these signatures. */
export const approvedBy =
  (signatures: ReadonlySet<string>) =>
  (entry: Entry): boolean =>
    signatures.has(signatureOf(entry));
