import { type Db, inTransaction } from '../../../shared/db/database';
import type { Caller } from '../../../shared/domain/staff';
import { badStaffCredentials, tooManyRequests } from '../../../shared/errors/catalog';
import { hashSessionToken, newSessionToken, verifyPassword } from '../../../shared/secrets';
import { createAuditStore } from '../../../shared/stores/audit-store';
import { createFailedLoginStore } from '../../../shared/stores/failed-login-store';
import { createSessionStore, type SessionUser } from '../../../shared/stores/session-store';
import { createUserStore } from '../../../shared/stores/user-store';
import { auditEntry } from './trail';

export interface SignIn {
  readonly email: string;
  readonly password: string;
  /** Where it comes from. */
  readonly address: string;
}

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

const maxFailures = 10;
const failureWindowSeconds = 300;
/** A working day, and a bit. */
const sessionSeconds = 12 * 3600;

export type SessionService = ReturnType<typeof createSessionService>;

/** Signs staff in and out, and tells who calls. */
export function createSessionService({ db }: { readonly db: Db }) {
  return {
    /** Throws `bad-credentials`, or `too-many-requests` after ten failures for one e-mail or address in five minutes. */
    async signIn(attempt: SignIn): Promise<Session> {
      const counted = await countAsFailure(db, attempt);
      const userId = await checkPassword(db, attempt);
      return inTransaction(db, async ({ db: trx }) => {
        await forgive(trx, attempt, counted);
        return open(trx, userId, attempt);
      });
    },

    /** Who holds the token, with the rights of this moment. Null: nobody, any more. */
    async findCaller(token: string, address: string): Promise<Caller | null> {
      const user = await createSessionStore(db).find(hashSessionToken(token));
      return user === null ? null : callerFrom(user, address);
    },

    async signOut(token: string, caller: Caller): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        await createSessionStore(trx).remove(hashSessionToken(token));
        await createAuditStore(trx).add([auditEntry(caller, 'session.end')]);
      });
    },
  };
}

/** Counted before the slow check, so that attempts at once cannot outrun the count. Answers what to take back. */
function countAsFailure(db: Db, attempt: SignIn): Promise<string[]> {
  const subjects = [emailSubject(attempt), `address:${attempt.address}`];
  return inTransaction(db, async ({ db: trx }) => {
    const failures = createFailedLoginStore(trx);
    await failures.lock(subjects);
    const seconds = await failures.secondsUntilAllowed(subjects, maxFailures, failureWindowSeconds);
    if (seconds !== null) throw tooManyRequests(seconds);
    return failures.add(subjects);
  });
}

/** An unknown e-mail costs the same check as a known one: time must not tell them apart. */
async function checkPassword(db: Db, { email, password }: SignIn): Promise<number> {
  const user = await createUserStore(db).findCredentials(email);
  const isRight = await verifyPassword(password, user?.passwordHash ?? null);
  if (user === null || !isRight) throw badStaffCredentials();
  return user.id;
}

/** The address keeps its other failures: one account of one's own must not help to guess at others. */
async function forgive(db: Db, attempt: SignIn, counted: readonly string[]): Promise<void> {
  const failures = createFailedLoginStore(db);
  await failures.withdraw(counted);
  await failures.forget(emailSubject(attempt));
}

async function open(db: Db, userId: number, attempt: SignIn): Promise<Session> {
  const token = newSessionToken();
  const sessions = createSessionStore(db);
  const expiresAt = await sessions.insert(hashSessionToken(token), userId, sessionSeconds);
  const user = await sessions.find(hashSessionToken(token));
  if (user === null) throw badStaffCredentials();
  await createAuditStore(db).add([auditEntry(callerFrom(user, attempt.address), 'session.start')]);
  return { token, expiresAt };
}

const emailSubject = ({ email }: SignIn) => `staff:${email.toLowerCase()}`;

const callerFrom = (user: SessionUser, address: string): Caller => ({
  userId: user.userId,
  email: user.email,
  role: user.role,
  accounts: user.role === 'admin' ? 'all' : user.accountIds,
  address,
});
