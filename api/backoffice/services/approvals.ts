import { type Db, inTransaction } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import type { BackgroundKind } from '../../../shared/domain/job-kind';
import { notFound } from '../../../shared/errors/catalog';
import {
  type Approval,
  type ApprovalFilter,
  createApprovalStore,
} from '../../../shared/stores/parameters/approval-store';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createSolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

export type ApprovalService = ReturnType<typeof createApprovalService>;

/** Changes above a limit, which wait for someone. */
export function createApprovalService({ db }: { readonly db: Db }) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<ApprovalFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<Approval>> {
      if (filter.solutionId !== null) await needVisible(db, caller, filter.solutionId);
      return createApprovalStore(db).list({ ...filter, accounts: caller.accounts }, page);
    },

    /** A worker carries it out at once. Throws `not-found`, `forbidden`, `already-decided`. */
    async decide(caller: Caller, id: string, decision: 'approve' | 'reject'): Promise<Approval> {
      return inTransaction(db, async ({ db: trx }) => {
        const { solutionId, className, kind, plan } = await found(trx, caller, id);
        needEditor(caller);
        const decided = await createApprovalStore(trx).decide(id, decision, caller.email);
        const deed = {
          solutionId,
          before: { id, class: className, kind, plan },
          after: { decision },
        };
        await createAuditStore(trx).add([auditEntry(caller, 'approval.decide', deed)]);
        await createJobStore(trx).add({ kind: applierOf(kind), subject: id });
        return decided;
      });
    },
  };
}

/** What was decided about logs is carried out apart from what was decided about parameters. */
const applierOf = (kind: Approval['kind']): BackgroundKind =>
  kind === 'replace-logs' ? 'logs.apply-replacements' : 'parameters.apply-approvals';

async function found(db: Db, caller: Caller, id: string): Promise<Approval> {
  const approval = await createApprovalStore(db).find(id);
  const isVisible =
    approval !== null && (await createSolutionAdminStore(db).isVisible(caller.accounts, approval.solutionId));
  if (!isVisible) throw notFound('approval');
  return approval;
}
