import { type Db, inTransaction } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyExists } from '../../../shared/errors/catalog';
import { type Account, createAccountStore } from '../../../shared/stores/account-store';
import { createAuditStore } from '../../../shared/stores/audit-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

export type AccountService = ReturnType<typeof createAccountService>;

/** Customers: the affair of admins. */
export function createAccountService({ db }: { readonly db: Db }) {
  return {
    async list(caller: Caller, page: PageRequest<number>): Promise<Page<Account>> {
      needAdmin(caller);
      return createAccountStore(db).list(page);
    },

    /** Throws `already-exists`. */
    async create(caller: Caller, name: string): Promise<Account> {
      needAdmin(caller);
      return inTransaction(db, async ({ db: trx }) => {
        const account = await createAccountStore(trx).insert(name);
        if (account === null) throw alreadyExists('account');
        await createAuditStore(trx).add([auditEntry(caller, 'account.create', { after: account })]);
        return account;
      });
    },
  };
}
