import { lockVisible, needEditor, needVisible } from '../../../api/backoffice/services/rights';
import { auditEntry } from '../../../api/backoffice/services/trail';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyExists } from '../../../shared/errors/catalog';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { ClosingDay, ClosingDayStore } from './closing-day-store';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly closingDays: ClosingDayStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible' | 'lock'>;
}

export type ClosingDayService = ReturnType<typeof createClosingDayService>;

export function createClosingDayService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(caller: Caller, solutionId: number): Promise<ClosingDay[]> {
      await needVisible(stores, caller, solutionId);
      return stores.closingDays.list(solutionId);
    },

    /** Throws `not-found`, `forbidden`, `already-exists`. */
    async add(caller: Caller, solutionId: number, day: ClosingDay): Promise<void> {
      await transaction(async (stores) => {
        await lockVisible(stores, caller, solutionId);
        needEditor(caller);
        const isNew = await stores.closingDays.add(solutionId, day);
        if (!isNew) throw alreadyExists('day');
        await stores.audit.add([auditEntry(caller, 'solution.update', { solutionId, after: day })]);
      });
    },
  };
}
