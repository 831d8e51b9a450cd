import type { StoreAccess } from '../../../shared/stores/store-access';
import { faultText } from '../../../shared/domain/field-fault';
import { commandLineCaller } from '../../../shared/domain/staff';
import { ownTurn, type PasswordHasher } from '../../../shared/passwords/password-hasher';
import { passwordFault } from '../../../shared/passwords/password-rules';
import { newPassword } from '../../../shared/secrets';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { UserStore } from '../../../shared/stores/staff/user-store';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly users: Pick<UserStore, 'lockCreationOfFirst' | 'insert' | 'any' | 'exists'>;
}

export interface FirstAdmin {
  readonly email: string;
  /** Set only if the password was generated here. Print it once. Null: the password was configured. */
  readonly drawnPassword: string | null;
}

export interface FirstAdminSettings {
  /** EPACK_ADMIN_EMAIL; null: not set. */
  readonly email: string | null;
  /** EPACK_ADMIN_PASSWORD; null: not set. */
  readonly password: string | null;
}

/**
 * Makes sure that someone can sign in. A configured e-mail address without a user becomes an admin. An existing user is
 * not changed. If none is configured and there are no users, `admin@localhost` is created. Null: no user was created.
 * Processes that start together make one user. A password that was drawn is a first one; one that was configured is its
 * owner's own. Throws a sentence where the configured password cannot be.
 */
export async function ensureFirstAdmin(
  { stores, transaction }: StoreAccess<Stores>,
  settings: FirstAdminSettings,
  passwords: Pick<PasswordHasher, 'hash'>,
): Promise<FirstAdmin | null> {
  const email = settings.email ?? 'admin@localhost';
  if (!(await isNeeded(stores, settings))) return null;
  const password = settings.password ?? newPassword();
  const fault = settings.password === null ? null : await passwordFault(password, email);
  if (fault !== null) throw new RangeError(`EPACK_ADMIN_PASSWORD ${faultText(fault)}`);
  const passwordHash = await passwords.hash(password, ownTurn);
  const isPasswordFirst = settings.password === null;
  return transaction(async (stores) => {
    await stores.users.lockCreationOfFirst();
    if (!(await isNeeded(stores, settings))) return null;
    await stores.users.insert({ email, passwordHash, role: 'admin', isPasswordFirst });
    const entry = auditEntry(commandLineCaller, 'user.create', { after: { email, role: 'admin' } });
    await stores.audit.add([entry]);
    return { email, drawnPassword: settings.password === null ? password : null };
  });
}

async function isNeeded({ users }: Stores, { email }: FirstAdminSettings): Promise<boolean> {
  return email === null ? !(await users.any()) : !(await users.exists(email));
}
