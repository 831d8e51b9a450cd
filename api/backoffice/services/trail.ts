import type { AuditAction } from '../../../shared/domain/audit-action';
import type { Caller } from '../../../shared/domain/staff';
import type { AuditEntry } from '../../../shared/stores/staff/audit-store';

/** The record of an action. Never put a secret into `before` or `after`. */
interface Deed {
  /** Null: the action concerns no solution. */
  readonly solutionId?: number | null;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The entry of the audit trail for what a caller did. */
export const auditEntry = (caller: Caller, action: AuditAction, deed: Deed = {}): AuditEntry => ({
  actor: caller.email,
  action,
  solutionId: deed.solutionId ?? null,
  address: caller.address,
  before: deed.before ?? null,
  after: deed.after ?? null,
});
