import type { StoreAccess } from '../../../shared/stores/store-access';
import {
  type AccountQuotaName,
  accountQuotaNames,
  type QuotaName,
  quotaNames,
  type Quotas,
} from '../../../shared/domain/quota';
import type { Caller } from '../../../shared/domain/staff';
import { notFound, staleVersion } from '../../../shared/errors/catalog';
import { revisionOf } from '../../../shared/formats/revision';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { QuotaStore } from '../../../shared/stores/solutions/quota-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { lockVisible, needAdmin, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly accounts: Pick<AccountStore, 'lock' | 'find'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly quotas: Pick<QuotaStore, 'setOfSolution' | 'setOfAccount' | 'ofSolution' | 'ofAccount'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible' | 'lock'>;
}

/** One limit as staff see it. */
export interface BoundView {
  /** The limit that applies. Null: there is none. */
  readonly limit: number | null;
  /** The value that staff have set. Null: none. */
  readonly own: number | null;
  readonly used: number;
}

export interface QuotaView<Name extends QuotaName> {
  readonly bounds: Readonly<Record<Name, BoundView>>;
  /** When the daily counts start again. Null: nothing has been counted yet. */
  readonly dayEndsAt: Date | null;
  /** The revision of its own limits. It differs after each change. */
  readonly revision: string;
}

export interface SolutionQuotaView extends QuotaView<QuotaName> {
  /** The last refusal because of a quota. */
  readonly refusedAt: Date | null;
  /** The limit that refused it, e.g. `syncsPerDay`, `account: bytesPerDay`, `server: disk`. */
  readonly refusedFor: string | null;
}

export interface AccountQuotaView extends QuotaView<AccountQuotaName> {
  readonly accountName: string;
}

/** Absent values stay as they are. Null: no own limit. */
export type QuotaChange<Name extends QuotaName> = Readonly<Partial<Record<Name, number | null | undefined>>>;

interface Deps extends StoreAccess<Stores> {
  /** The limits of solutions without their own. */
  readonly standard: Quotas;
}

export type QuotaSettingsService = ReturnType<typeof createQuotaSettingsService>;

/** The limits of solutions and accounts, and their use. Limits protect all from one, so only admins set them. */
export function createQuotaSettingsService({ stores, transaction, standard }: Deps) {
  return {
    /** Throws `not-found`. */
    async ofSolution(caller: Caller, id: number): Promise<SolutionQuotaView> {
      await needVisible(stores, caller, id);
      return viewOfSolution(stores, id);
    },

    /** `ifRevision`: the one that the edit is based on; null: whichever it is. Throws `not-found`, `forbidden`, `stale`. */
    async changeOfSolution(
      caller: Caller,
      id: number,
      change: QuotaChange<QuotaName>,
      ifRevision: string | null = null,
    ): Promise<SolutionQuotaView> {
      return transaction(async (stores) => {
        await lockVisible(stores, caller, id);
        needAdmin(caller);
        const view = await viewOfSolution(stores, id);
        const before = ownOf(view, quotaNames);
        needRevision(view, ifRevision);
        const after = changed(before, change);
        await stores.quotas.setOfSolution(id, after);
        await stores.audit.add([auditEntry(caller, 'solution.quotas', { solutionId: id, before, after })]);
        return viewOfSolution(stores, id);
      });
    },

    /** Throws `forbidden`, `not-found`. */
    async ofAccount(caller: Caller, id: number): Promise<AccountQuotaView> {
      needAdmin(caller);
      return viewOfAccount(stores, id);
    },

    /** As `changeOfSolution`. */
    async changeOfAccount(
      caller: Caller,
      id: number,
      change: QuotaChange<AccountQuotaName>,
      ifRevision: string | null = null,
    ): Promise<AccountQuotaView> {
      needAdmin(caller);
      return transaction(async (stores) => {
        await stores.accounts.lock(id);
        const view = await viewOfAccount(stores, id);
        const before = ownOf(view, accountQuotaNames);
        needRevision(view, ifRevision);
        const after = changed(before, change);
        await stores.quotas.setOfAccount(id, after);
        const deed = { before: { account: view.accountName, ...before }, after };
        await stores.audit.add([auditEntry(caller, 'account.quotas', deed)]);
        return viewOfAccount(stores, id);
      });
    },
  };

  async function viewOfSolution({ quotas }: Pick<Stores, 'quotas'>, id: number): Promise<SolutionQuotaView> {
    const holding = await quotas.ofSolution(id);
    if (holding === null) throw notFound('solution');
    const { own, used, dayEndsAt, refusedAt, refusedFor } = holding;
    const bound = (name: QuotaName): BoundView => ({
      limit: own[name] ?? standard[name],
      own: own[name],
      used: used[name] ?? 0,
    });
    return { bounds: boundsOf(bound), dayEndsAt, refusedAt, refusedFor, revision: revisionOf(own) };
  }

  async function viewOfAccount(
    { accounts, quotas }: Pick<Stores, 'accounts' | 'quotas'>,
    id: number,
  ): Promise<AccountQuotaView> {
    const account = await accounts.find(id);
    const holding = await quotas.ofAccount(id);
    if (account === null || holding === null) throw notFound('account');
    const { own, used, dayEndsAt } = holding;
    const bound = (name: AccountQuotaName): BoundView => ({
      limit: own[name],
      own: own[name],
      used: used[name],
    });
    const bounds = accountBoundsOf(bound);
    return { accountName: account.name, bounds, dayEndsAt, revision: revisionOf(own) };
  }
}

const accountBoundsOf = (bound: (name: AccountQuotaName) => BoundView) => ({
  syncsPerDay: bound('syncsPerDay'),
  bytesPerDay: bound('bytesPerDay'),
  openUploads: bound('openUploads'),
  openUploadBytes: bound('openUploadBytes'),
  openQuarantine: bound('openQuarantine'),
});

const boundsOf = (bound: (name: QuotaName) => BoundView) => ({
  ...accountBoundsOf(bound),
  extraColumns: bound('extraColumns'),
});

function needRevision({ revision }: { readonly revision: string }, wanted: string | null): void {
  if (wanted !== null && wanted !== revision) throw staleVersion(revision);
}

type Own<Name extends QuotaName> = Readonly<Record<Name, number | null>>;

const ownOf = <Name extends QuotaName>(view: QuotaView<Name>, names: readonly Name[]): Own<Name> =>
  fromNames(names, (name) => view.bounds[name].own);

function changed<Name extends QuotaName>(before: Own<Name>, change: QuotaChange<Name>): Own<Name> {
  const set: Partial<Record<Name, number | null>> = {};
  for (const name in before) if (change[name] !== undefined) set[name] = change[name];
  return { ...before, ...set };
}

function fromNames<Name extends QuotaName>(
  names: readonly Name[],
  valueOf: (name: Name) => number | null,
): Own<Name> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, number | null>;
}
