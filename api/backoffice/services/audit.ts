import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import type { AuditFilter, AuditStore, RecordedAudit } from '../../../shared/stores/staff/audit-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needVisible } from './rights';

interface Stores {
  readonly audit: Pick<AuditStore, 'list'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export type AuditService = ReturnType<typeof createAuditService>;

export function createAuditService({ stores }: { readonly stores: Stores }) {
  return {
    /** The actions on the solutions that the caller may see. An admin sees everything. Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<AuditFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<RecordedAudit>> {
      if (filter.solutionId !== null) await needVisible(stores, caller, filter.solutionId);
      return stores.audit.list({ ...filter, accounts: caller.accounts }, page);
    },
  };
}
