import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { AlertFilter, AlertStore, ProbeAlert } from '../../../shared/stores/alerts/alert-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly alerts: Pick<AlertStore, 'list' | 'acknowledge' | 'lock'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export type AlertService = ReturnType<typeof createAlertService>;

export function createAlertService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<AlertFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<ProbeAlert>> {
      if (filter.solutionId !== null) await needVisible(stores, caller, filter.solutionId);
      return stores.alerts.list({ ...filter, accounts: caller.accounts }, page);
    },

    /**
     * Records that someone has seen the alert. It closes when the probe is within its limits again. Only the first
     * person is recorded. Throws `not-found`, `forbidden`.
     */
    async acknowledge(caller: Caller, id: string, comment: string | null): Promise<ProbeAlert> {
      return transaction((stores) => acknowledge(stores, caller, id, comment));
    },

    /** As `acknowledge`, all of them or none. */
    async acknowledgeMany(caller: Caller, ids: readonly string[], comment: string | null): Promise<void> {
      // Always in the same order, so that two callers with the same alerts wait for each other and do not deadlock.
      const ordered = [...new Set(ids)].sort((one, other) => Number(one) - Number(other));
      await transaction(async (stores) => {
        for (const id of ordered) await acknowledge(stores, caller, id, comment);
      });
    },
  };
}

async function acknowledge(
  stores: Stores,
  caller: Caller,
  id: string,
  comment: string | null,
): Promise<ProbeAlert> {
  const before = await locked(stores, caller, id);
  needEditor(caller);
  if (before.acknowledgedAt !== null) return before;
  await stores.alerts.acknowledge(id, caller.email, comment);
  const { solutionId, probeId, kind } = before;
  const deed = {
    solutionId,
    before: { id, probeId, kind, acknowledgedBy: null },
    after: { id, probeId, kind, acknowledgedBy: caller.email, comment },
  };
  await stores.audit.add([auditEntry(caller, 'alert.acknowledge', deed)]);
  return locked(stores, caller, id);
}

async function locked(stores: Stores, caller: Caller, id: string): Promise<ProbeAlert> {
  const alert = await stores.alerts.lock(caller.accounts, id);
  if (alert === null) throw notFound('alert');
  return alert;
}
