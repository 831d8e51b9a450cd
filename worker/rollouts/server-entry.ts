import type { AuditAction } from '../../shared/domain/audit-action';
import type { AuditEntry } from '../../shared/stores/staff/audit-store';

interface Deed {
  readonly solutionId?: number;
  /** Who planned it. Left out: nobody, the server acts by its rules. */
  readonly by?: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The entry of the audit trail for what a worker did in a rollout. */
export const serverEntry = (action: AuditAction, { solutionId, by, before, after }: Deed): AuditEntry => ({
  actor: by ?? 'server',
  action,
  solutionId: solutionId ?? null,
  address: null,
  before: before ?? null,
  after: after ?? null,
});
