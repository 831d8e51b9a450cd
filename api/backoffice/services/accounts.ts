import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { changedRetention, isSameRetention, type RetentionChange } from '../../../shared/domain/retention';
import type { Caller } from '../../../shared/domain/staff';
import { accountProblems } from '../../../shared/domain/staff-input';
import { alreadyExists, invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import { revisionOf } from '../../../shared/formats/revision';
import type { Account, AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly accounts: Pick<AccountStore, 'list' | 'insert' | 'find' | 'lock' | 'setRetention'>;
  readonly audit: Pick<AuditStore, 'add'>;
}

export type AccountService = ReturnType<typeof createAccountService>;

/** Accounts. Only for admins. */
export function createAccountService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    async list(caller: Caller, page: PageRequest<number>): Promise<Page<Account>> {
      needAdmin(caller);
      return stores.accounts.list(page);
    },

    /** Throws `already-exists`, `invalid-fields`. */
    async create(caller: Caller, written: string): Promise<Account> {
      needAdmin(caller);
      const name = written.trim();
      const problems = accountProblems({ name });
      if (problems.length > 0) throw invalidFields(problems);
      return transaction(async (stores) => {
        const account = await stores.accounts.insert(name);
        if (account === null) throw alreadyExists('account');
        await stores.audit.add([auditEntry(caller, 'account.create', { after: account })]);
        return account;
      });
    },

    /** Throws `not-found`. */
    async get(caller: Caller, id: number): Promise<Account> {
      needAdmin(caller);
      return needed(await stores.accounts.find(id));
    },

    /**
     * Workers remove older data for good. `ifRevision`: the one that the edit is based on; null: whichever it is.
     * Throws `not-found`, `stale`.
     */
    async changeRetention(
      caller: Caller,
      id: number,
      change: RetentionChange,
      ifRevision: string | null = null,
    ): Promise<Account> {
      needAdmin(caller);
      return transaction(async (stores) => {
        const { accounts } = stores;
        const account = needed(await accounts.lock(id));
        if (ifRevision !== null && ifRevision !== revisionOf(account))
          throw staleVersion(revisionOf(account));
        const before = account.retention;
        const after = changedRetention(before, change);
        if (isSameRetention(before, after)) return account;
        await accounts.setRetention(id, after);
        const deed = { before: { account: account.name, ...before }, after };
        await stores.audit.add([auditEntry(caller, 'account.retention', deed)]);
        return { ...account, retention: after };
      });
    },
  };
}

function needed(account: Account | null): Account {
  if (account === null) throw notFound('account');
  return account;
}
