import { type Db, inTransaction } from '../../../shared/db/database';
import { commandLineCaller } from '../../../shared/domain/staff';
import { hashPassword, newPassword } from '../../../shared/secrets';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createUserStore } from '../../../shared/stores/staff/user-store';
import { auditEntry } from './trail';

export interface FirstAdmin {
  readonly email: string;
  /** Only where it was drawn here, and only now: print it once. Null: whoever configured it knows it. */
  readonly drawnPassword: string | null;
}

export interface FirstAdminSettings {
  /** EPACK_ADMIN_EMAIL; null: not set. */
  readonly email: string | null;
  /** EPACK_ADMIN_PASSWORD; null: not set. */
  readonly password: string | null;
}

/**
 * Sees to it that someone can sign in. A configured e-mail that is nobody's yet becomes an admin; one that is
 * somebody's is left alone, password and all. With none configured, and nobody there at all, `admin@localhost` is made.
 * Null: nobody was made. Processes that start together make one user.
 */
export async function ensureFirstAdmin(db: Db, settings: FirstAdminSettings): Promise<FirstAdmin | null> {
  const email = settings.email ?? 'admin@localhost';
  if (!(await isNeeded(db, settings))) return null;
  const password = settings.password ?? newPassword();
  const passwordHash = await hashPassword(password);
  return inTransaction(db, async ({ db: trx }) => {
    await createUserStore(trx).lockCreationOfFirst();
    if (!(await isNeeded(trx, settings))) return null;
    await createUserStore(trx).insert({ email, passwordHash, role: 'admin' });
    const entry = auditEntry(commandLineCaller, 'user.create', { after: { email, role: 'admin' } });
    await createAuditStore(trx).add([entry]);
    return { email, drawnPassword: settings.password === null ? password : null };
  });
}

async function isNeeded(db: Db, { email }: FirstAdminSettings): Promise<boolean> {
  const users = createUserStore(db);
  return email === null ? !(await users.any()) : !(await users.exists(email));
}
