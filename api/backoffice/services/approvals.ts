import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import type { BackgroundKind } from '../../../shared/domain/job-kind';
import { notFound } from '../../../shared/errors/catalog';
import type {
  Approval,
  ApprovalFilter,
  ApprovalStore,
} from '../../../shared/stores/parameters/approval-store';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly approvals: Pick<ApprovalStore, 'list' | 'decide' | 'find'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export type ApprovalService = ReturnType<typeof createApprovalService>;

/** Changes above a limit, which wait for a decision. */
export function createApprovalService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<ApprovalFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<Approval>> {
      if (filter.solutionId !== null) await needVisible(stores, caller, filter.solutionId);
      return stores.approvals.list({ ...filter, accounts: caller.accounts }, page);
    },

    /** A worker carries it out at once. Throws `not-found`, `forbidden`, `already-decided`. */
    async decide(caller: Caller, id: string, decision: 'approve' | 'reject'): Promise<Approval> {
      return transaction(async (stores) => {
        const { solutionId, className, kind, plan } = await found(stores, caller, id);
        needEditor(caller);
        const decided = await stores.approvals.decide(id, decision, caller.email);
        const deed = {
          solutionId,
          before: { id, class: className, kind, plan },
          after: { decision },
        };
        await stores.audit.add([auditEntry(caller, 'approval.decide', deed)]);
        await stores.jobs.add({ kind: applierOf(kind), subject: id });
        return decided;
      });
    },
  };
}

/** Decisions about logs and decisions about parameters are carried out by different jobs. */
const applierOf = (kind: Approval['kind']): BackgroundKind =>
  kind === 'replace-logs' ? 'logs.apply-replacements' : 'parameters.apply-approvals';

async function found(stores: Stores, caller: Caller, id: string): Promise<Approval> {
  const approval = await stores.approvals.find(id);
  const isVisible =
    approval !== null && (await stores.solutionAdmin.isVisible(caller.accounts, approval.solutionId));
  if (!isVisible) throw notFound('approval');
  return approval;
}
