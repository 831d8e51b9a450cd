import { type Db, inTransaction } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import {
  type AlertFilter,
  createAlertStore,
  type ProbeAlert,
} from '../../../shared/stores/alerts/alert-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

export type AlertService = ReturnType<typeof createAlertService>;

export function createAlertService({ db }: { readonly db: Db }) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<AlertFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<ProbeAlert>> {
      if (filter.solutionId !== null) await needVisible(db, caller, filter.solutionId);
      return createAlertStore(db).list({ ...filter, accounts: caller.accounts }, page);
    },

    /** Someone has seen it; it closes when the probe is well again. Who did so first stays. Throws `not-found`, `forbidden`. */
    async acknowledge(caller: Caller, id: string, comment: string | null): Promise<ProbeAlert> {
      return inTransaction(db, ({ db: trx }) => acknowledge(trx, caller, id, comment));
    },

    /** As `acknowledge`, all of them or none. */
    async acknowledgeMany(caller: Caller, ids: readonly string[], comment: string | null): Promise<void> {
      // Always in the same order: two who have seen the same ones wait for each other, and do not block.
      const ordered = [...new Set(ids)].sort((one, other) => Number(one) - Number(other));
      await inTransaction(db, async ({ db: trx }) => {
        for (const id of ordered) await acknowledge(trx, caller, id, comment);
      });
    },
  };
}

async function acknowledge(db: Db, caller: Caller, id: string, comment: string | null): Promise<ProbeAlert> {
  const before = await locked(db, caller, id);
  needEditor(caller);
  if (before.acknowledgedAt !== null) return before;
  await createAlertStore(db).acknowledge(id, caller.email, comment);
  const { solutionId, probeId, kind } = before;
  const deed = {
    solutionId,
    before: { id, probeId, kind, acknowledgedBy: null },
    after: { id, probeId, kind, acknowledgedBy: caller.email, comment },
  };
  await createAuditStore(db).add([auditEntry(caller, 'alert.acknowledge', deed)]);
  return locked(db, caller, id);
}

async function locked(db: Db, caller: Caller, id: string): Promise<ProbeAlert> {
  const alert = await createAlertStore(db).lock(caller.accounts, id);
  if (alert === null) throw notFound('alert');
  return alert;
}
