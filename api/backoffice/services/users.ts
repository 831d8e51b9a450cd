import type { StoreAccess } from '../../../shared/stores/store-access';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller, Role } from '../../../shared/domain/staff';
import type { SignInRules } from '../../../shared/domain/sign-in-rules';
import { userProblems } from '../../../shared/domain/staff-input';
import {
  alreadyExists,
  invalidFields,
  lastAdmin,
  notFound,
  staleVersion,
} from '../../../shared/errors/catalog';
import type { PasswordHasher, Turn } from '../../../shared/passwords/password-hasher';
import { passwordFault } from '../../../shared/passwords/password-rules';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { SessionStore } from '../../../shared/stores/staff/session-store';
import type { StaffMailStore } from '../../../shared/stores/staff/staff-mail-store';
import type { User, UserStore } from '../../../shared/stores/staff/user-store';
import { revisionOf } from '../../../shared/formats/revision';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly accounts: Pick<AccountStore, 'existing'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly sessions: Pick<SessionStore, 'removeOfUser'>;
  readonly staffMails: Pick<StaffMailStore, 'add'>;
  readonly users: Pick<UserStore, 'list' | 'insert' | 'setAccounts' | 'lockActiveAdmins' | 'update' | 'find'>;
}

export interface UserInput {
  readonly email: string;
  readonly password: string;
  readonly role: Role;
  readonly accountIds: readonly number[];
  /** The console asks for another password at the first sign-in. */
  readonly mustChangePassword?: boolean | undefined;
}

/** Absent members stay as they are. */
export interface UserEdit {
  readonly password?: string | undefined;
  /** True: the console asks for another password at the next sign-in. */
  readonly mustChangePassword?: boolean | undefined;
  readonly role?: Role | undefined;
  readonly accountIds?: readonly number[] | undefined;
  readonly isDisabled?: boolean | undefined;
}

export type UserService = ReturnType<typeof createUserService>;

interface Deps extends StoreAccess<Stores> {
  readonly passwords: Pick<PasswordHasher, 'hash'>;
  readonly rules: Pick<SignInRules, 'sendsMail'>;
}

/** Users. Only for admins. */
export function createUserService(deps: Deps) {
  const { stores, transaction } = deps;
  return {
    async list(caller: Caller, page: PageRequest<number>): Promise<Page<User>> {
      needAdmin(caller);
      return stores.users.list(page);
    },

    /** Throws `already-exists`, `invalid-fields`. */
    async create(caller: Caller, written: UserInput): Promise<User> {
      needAdmin(caller);
      const input = { ...written, email: written.email.trim() };
      const problems = [...userProblems(input), ...(await passwordProblems(input.password, input.email))];
      if (problems.length > 0) throw invalidFields(problems);
      const passwordHash = await deps.passwords.hash(input.password, turnOf(caller));
      return transaction(async (stores) => {
        const { users } = stores;
        await needAccounts(stores, input.accountIds);
        const id = await users.insert({
          ...input,
          passwordHash,
          isPasswordFirst: input.mustChangePassword ?? false,
        });
        if (id === null) throw alreadyExists('user');
        await users.setAccounts(id, input.accountIds);
        const user = await found(stores, id);
        await stores.audit.add([auditEntry(caller, 'user.create', { after: user })]);
        return user;
      });
    },

    /** Throws `not-found`. */
    async get(caller: Caller, id: number): Promise<User> {
      needAdmin(caller);
      return found(stores, id);
    },

    /**
     * `ifRevision`: the one that the edit is based on; null: whichever it is. A new password, another role, other accounts and disabling end the user's sessions.
     * Throws `not-found`, `stale`, `invalid-fields`, `last-admin`.
     */
    async update(
      caller: Caller,
      id: number,
      edit: UserEdit,
      ifRevision: string | null = null,
    ): Promise<User> {
      needAdmin(caller);
      const passwordHash = await hashOfNew(deps, caller, id, edit.password);
      return transaction(async (stores) => {
        const admins = await stores.users.lockActiveAdmins();
        const before = await found(stores, id);
        if (ifRevision !== null && ifRevision !== revisionOf(before)) throw staleVersion(revisionOf(before));
        await write(stores, id, edit, passwordHash);
        const after = await found(stores, id);
        if (admins.length === 1 && admins[0] === id && !isActiveAdmin(after)) throw lastAdmin();
        if (passwordHash !== undefined || hasOtherRights(before, after)) {
          await stores.sessions.removeOfUser(id);
        }
        if (passwordHash !== undefined && deps.rules.sendsMail)
          await stores.staffMails.add(id, 'password-changed', caller.email);
        const audited = passwordHash === undefined ? after : { ...after, password: 'changed' };
        await stores.audit.add([auditEntry(caller, 'user.update', { before, after: audited })]);
        return after;
      });
    },
  };
}

/** Undefined: there is no new one. Throws `not-found`, `invalid-fields`. */
async function hashOfNew(
  { stores, passwords }: Deps,
  caller: Caller,
  id: number,
  password: string | undefined,
): Promise<string | undefined> {
  if (password === undefined) return undefined;
  const problems = await passwordProblems(password, (await found(stores, id)).email);
  if (problems.length > 0) throw invalidFields(problems);
  return passwords.hash(password, turnOf(caller));
}

async function passwordProblems(password: string, email: string): Promise<FieldProblem[]> {
  const fault = await passwordFault(password, email);
  return fault === null ? [] : [{ field: 'password', fault }];
}

const turnOf = (caller: Caller): Turn => ({ isKnown: true, from: caller.email });

/** A user whose rights have changed must sign in again, so that no open page shows what they may no longer see. */
function hasOtherRights(before: User, after: User): boolean {
  return (
    after.isDisabled || before.role !== after.role || before.accountIds.join() !== after.accountIds.join()
  );
}

async function write(
  stores: Stores,
  id: number,
  edit: UserEdit,
  passwordHash: string | undefined,
): Promise<void> {
  const { users } = stores;
  await users.update(id, {
    ...(passwordHash === undefined ? {} : { passwordHash, isPasswordFirst: false }),
    ...(edit.mustChangePassword === undefined ? {} : { isPasswordFirst: edit.mustChangePassword }),
    ...(edit.role === undefined ? {} : { role: edit.role }),
    ...(edit.isDisabled === undefined ? {} : { isDisabled: edit.isDisabled }),
  });
  if (edit.accountIds === undefined) return;
  await needAccounts(stores, edit.accountIds);
  await users.setAccounts(id, edit.accountIds);
}

async function found(stores: Stores, id: number): Promise<User> {
  const user = await stores.users.find(id);
  if (user === null) throw notFound('user');
  return user;
}

async function needAccounts(stores: Stores, ids: readonly number[]): Promise<void> {
  const existing = await stores.accounts.existing(ids);
  const unknown = ids.filter((id) => !existing.includes(id));
  if (unknown.length > 0) {
    throw invalidFields(
      unknown.map((id) => ({ field: 'accounts', fault: { code: 'no-such-account', account: id } })),
    );
  }
}

const isActiveAdmin = (user: User) => user.role === 'admin' && !user.isDisabled;
