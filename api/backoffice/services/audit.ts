import type { Db } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import {
  type AuditFilter,
  createAuditStore,
  type RecordedAudit,
} from '../../../shared/stores/staff/audit-store';
import { needVisible } from './rights';

export type AuditService = ReturnType<typeof createAuditService>;

export function createAuditService({ db }: { readonly db: Db }) {
  return {
    /** What was done to the caller's solutions; to an admin all that was done. Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<AuditFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<RecordedAudit>> {
      if (filter.solutionId !== null) await needVisible(db, caller, filter.solutionId);
      return createAuditStore(db).list({ ...filter, accounts: caller.accounts }, page);
    },
  };
}
