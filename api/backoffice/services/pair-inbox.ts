import { z } from 'zod';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import type { PairConfigStore } from '../../../shared/stores/pairs/pair-config-store';
import type {
  PairApproval,
  PairApprovalState,
  PairConflict,
  PairConflictState,
  PairInboxStore,
} from '../../../shared/stores/pairs/pair-inbox-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Json } from '../../../shared/systems/references';
import { foundPair } from './pairs';
import { needEditor } from './rights';
import { auditEntry } from './trail';

/** Whose values win, or new values. */
export type PairChoice = 'here' | 'there' | { readonly fields: Readonly<Record<string, unknown>> };

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly pairConfigs: Pick<PairConfigStore, 'find' | 'askForSlices'>;
  readonly pairInbox: PairInboxStore;
}

export type PairInboxService = ReturnType<typeof createPairInboxService>;

/** What waits for someone in pairs of systems. */
export function createPairInboxService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** `pair`: by name; null: all that the caller sees. Throws `not-found`. */
    async conflicts(
      caller: Caller,
      { pair, state }: { readonly pair: string | null; readonly state: PairConflictState | null },
      page: PageRequest<string>,
    ): Promise<Page<PairConflict>> {
      if (pair !== null) await foundPair(stores, caller, pair);
      return stores.pairInbox.conflicts({ accounts: caller.accounts, pair, state }, page);
    },

    /** Null: it is none of a pair, or may not be seen. */
    findConflict: (caller: Caller, id: string): Promise<PairConflict | null> =>
      stores.pairInbox.conflict(caller.accounts, id),

    /** A worker carries it out at once. Throws `not-found`, `forbidden`, `stale`, `invalid-fields`, `already-decided`. */
    decideConflict: (
      caller: Caller,
      id: string,
      { choice, ifRevision }: { readonly choice: PairChoice; readonly ifRevision: string | null },
    ): Promise<PairConflict> =>
      transaction(async (on) => {
        await on.pairInbox.lockConflict(id);
        const before = await on.pairInbox.conflict(caller.accounts, id);
        if (before === null) throw notFound('conflict');
        needEditor(caller);
        if (ifRevision !== null && before.state === 'open' && ifRevision !== before.revision)
          throw staleVersion(before.revision);
        const sound = checkedChoice(before, choice);
        await on.pairInbox.decideConflict(id, sound, caller.email);
        await on.pairConfigs.askForSlices(before.pairId);
        const { pair, link, here, there } = before;
        const deed = { before: { id, pair, link, here, there }, after: { choice: sound } };
        await on.audit.add([auditEntry(caller, 'conflict.decide', deed)]);
        const after = await on.pairInbox.conflict(caller.accounts, id);
        if (after === null) throw notFound('conflict');
        return after;
      }),

    /** Throws `not-found`. */
    async approvals(
      caller: Caller,
      { pair, state }: { readonly pair: string | null; readonly state: PairApprovalState | null },
      page: PageRequest<string>,
    ): Promise<Page<PairApproval>> {
      if (pair !== null) await foundPair(stores, caller, pair);
      return stores.pairInbox.approvals({ accounts: caller.accounts, pair, state }, page);
    },

    /** Null: it is none of a pair, or may not be seen. */
    findApproval: (caller: Caller, id: string): Promise<PairApproval | null> =>
      stores.pairInbox.approval(caller.accounts, id),

    /** A worker carries it out at once. Throws `not-found`, `forbidden`, `already-decided`. */
    decideApproval: (caller: Caller, id: string, decision: 'approve' | 'reject'): Promise<PairApproval> =>
      transaction(async (on) => {
        const before = await on.pairInbox.approval(caller.accounts, id);
        if (before === null) throw notFound('approval');
        needEditor(caller);
        await on.pairInbox.decideApproval(id, decision, caller.email);
        await on.pairConfigs.askForSlices(before.pairId);
        const { pair, kind, digest, entities } = before;
        const deed = { before: { id, pair, kind, digest, entities }, after: { decision } };
        await on.audit.add([auditEntry(caller, 'approval.decide', deed)]);
        const after = await on.pairInbox.approval(caller.accounts, id);
        if (after === null) throw notFound('approval');
        return after;
      }),
  };
}

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** New values only for what is in dispute: nobody has looked at the rest. */
function checkedChoice({ fields }: PairConflict, choice: PairChoice): Json {
  if (typeof choice === 'string') return choice;
  const given = values.safeParse(choice.fields);
  if (!given.success) throw invalidFields([{ field: 'choice.fields', fault: { code: 'not-a-value' } }]);
  const others = Object.keys(given.data).filter((name) => !fields.includes(name));
  if (others.length > 0 || Object.keys(given.data).length === 0)
    throw invalidFields([
      { field: `choice.fields.${others[0] ?? ''}`, fault: { code: 'none-of', choices: fields } },
    ]);
  return { fields: given.data };
}
