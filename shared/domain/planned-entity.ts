import type { Copy } from './merge-copy';

/** The kinds of approvals about parameters, see `Approval.kind`. */
export type ParameterApprovalKind = 'deletes' | 'replace' | 'changes';

/** One line of a plan. */
export interface PlannedEntity {
  readonly id: string;
  /** The version of the manager's copy that the plan was made for. 0: there was no copy. */
  readonly version: number;
  /** For `changes`: what the solution sent. */
  readonly sent?: SentCopy;
}

export interface SentCopy extends Copy {
  /** The solution's clock, as it was sent. */
  readonly ts: string | null;
}
