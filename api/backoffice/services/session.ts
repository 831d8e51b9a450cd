import { type Db, inTransaction } from '../../../shared/db/database';
import type { Caller } from '../../../shared/domain/staff';
import { badStaffCredentials, notFound, tooManyRequests } from '../../../shared/errors/catalog';
import {
  hashPassword,
  hashSessionToken,
  isOfOtherCost,
  isSessionToken,
  newSessionToken,
  verifyPassword,
} from '../../../shared/secrets';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createFailedLoginStore } from '../../../shared/stores/staff/failed-login-store';
import { createOidcStore } from '../../../shared/stores/staff/oidc-store';
import {
  createSessionStore,
  type OpenSession,
  type SessionUser,
  type SignInMethod,
} from '../../../shared/stores/staff/session-store';
import { createUserStore } from '../../../shared/stores/staff/user-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

/** Where someone signs in from. */
export interface Origin {
  readonly address: string;
  /** What the browser or program calls itself. */
  readonly userAgent?: string | undefined;
}

export interface SignIn extends Origin {
  readonly email: string;
  readonly password: string;
}

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
}

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
  /** Of the session that asks: it goes on. */
  readonly token: string;
}

const maxFailures = 10;
const failureWindowSeconds = 300;
/** A working day, and a bit. */
const sessionSeconds = 12 * 3600;
const longestUserAgent = 300;

export type SessionService = ReturnType<typeof createSessionService>;

/** Signs staff in and out, and tells who calls. */
export function createSessionService({ db }: { readonly db: Db }) {
  return {
    /** Throws `bad-credentials`, or `too-many-requests` after ten failures for one e-mail or address in five minutes. */
    async signIn(attempt: SignIn): Promise<Session> {
      const { userId, counted } = await prove(db, attempt);
      return inTransaction(db, async ({ db: trx }) => {
        await forgive(trx, attempt, counted);
        return openSession(trx, userId, attempt, 'password');
      });
    },

    /** Who holds the token, with the rights of this moment. Null: nobody, any more. */
    async findCaller(token: string, address: string): Promise<Caller | null> {
      // Whatever strangers send is not worth a look into the database.
      if (!isSessionToken(token)) return null;
      const user = await createSessionStore(db).find(hashSessionToken(token));
      return user === null ? null : callerFrom(user, address);
    },

    async signOut(token: string, caller: Caller): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        await createSessionStore(trx).remove(hashSessionToken(token));
        await createAuditStore(trx).add([auditEntry(caller, 'session.end')]);
      });
    },

    /** The caller's own open sessions. `token`: of the session that asks. */
    listOwn: (caller: Caller, token: string): Promise<OpenSession[]> =>
      createSessionStore(db).list(ownId(caller), hashSessionToken(token)),

    /** Those of someone else, for an admin. Throws `forbidden`, `not-found`. */
    async listOf(caller: Caller, userId: number): Promise<OpenSession[]> {
      needAdmin(caller);
      await needUser(db, userId);
      return createSessionStore(db).list(userId, null);
    },

    /** Ends one of the caller's own sessions. Throws `not-found`. */
    async endOwn(caller: Caller, sessionId: string): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        const isEnded = await createSessionStore(trx).removeOne(ownId(caller), sessionId);
        if (!isEnded) throw notFound('session');
        await createAuditStore(trx).add([auditEntry(caller, 'session.end')]);
      });
    },

    /** Signs someone out everywhere. Answers of how many sessions. Throws `forbidden`, `not-found`. */
    async endAllOf(caller: Caller, userId: number): Promise<number> {
      needAdmin(caller);
      return inTransaction(db, async ({ db: trx }) => {
        const email = await needUser(trx, userId);
        const ended = await createSessionStore(trx).removeOfUser(userId);
        const before = { user: email, sessions: ended };
        await createAuditStore(trx).add([auditEntry(caller, 'session.end-all', { before })]);
        return ended;
      });
    },

    /** Who a user is at the identity provider; the e-mail decides again. Answers how many. Throws `forbidden`, `not-found`. */
    async forgetIdentities(caller: Caller, userId: number): Promise<number> {
      needAdmin(caller);
      return inTransaction(db, async ({ db: trx }) => {
        const email = await needUser(trx, userId);
        const forgotten = await createOidcStore(trx).unlink(userId);
        const before = { user: email, identities: forgotten };
        await createAuditStore(trx).add([auditEntry(caller, 'user.forget-identities', { before })]);
        return forgotten;
      });
    },

    /**
     * Someone's own. All other sessions end. Throws `bad-credentials` where the current one is wrong, and
     * `too-many-requests` as at signing in: who finds an open browser must not guess in it either.
     */
    async changePassword(caller: Caller, change: PasswordChange): Promise<void> {
      const attempt = { email: caller.email, password: change.current, address: caller.address ?? '' };
      const { userId, counted } = await prove(db, attempt);
      const passwordHash = await hashPassword(change.next);
      await inTransaction(db, async ({ db: trx }) => {
        await forgive(trx, attempt, counted);
        await createUserStore(trx).update(userId, { passwordHash });
        await createSessionStore(trx).removeOfUser(userId, hashSessionToken(change.token));
        const told = { after: { email: caller.email, password: 'changed' } };
        await createAuditStore(trx).add([auditEntry(caller, 'user.change-password', told)]);
      });
    },
  };
}

/** Of someone who has proved who they are. In a transaction of its caller. */
export async function openSession(
  db: Db,
  userId: number,
  { address, userAgent }: Origin,
  method: SignInMethod,
): Promise<Session> {
  const token = newSessionToken();
  const tokenSha256 = hashSessionToken(token);
  const sessions = createSessionStore(db);
  const expiresAt = await sessions.insert({
    tokenSha256,
    userId,
    seconds: sessionSeconds,
    method,
    address,
    userAgent: keepable(userAgent),
  });
  const user = await sessions.find(tokenSha256);
  if (user === null) throw badStaffCredentials();
  const entry = auditEntry(callerFrom(user, address), 'session.start', { after: { method } });
  await createAuditStore(db).add([entry]);
  return { token, expiresAt };
}

async function prove(db: Db, attempt: SignIn): Promise<{ userId: number; counted: string[] }> {
  const counted = await countAsFailure(db, attempt);
  return { userId: await checkPassword(db, attempt), counted };
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
  const users = createUserStore(db);
  const user = await users.findCredentials(email);
  const isRight = await verifyPassword(password, user?.passwordHash ?? null);
  if (user === null || !isRight) throw badStaffCredentials();
  if (isOfOtherCost(user.passwordHash)) {
    await users.update(user.id, { passwordHash: await hashPassword(password) });
  }
  return user.id;
}

/** The address keeps its other failures: one account of one's own must not help to guess at others. */
async function forgive(db: Db, attempt: SignIn, counted: readonly string[]): Promise<void> {
  const failures = createFailedLoginStore(db);
  await failures.withdraw(counted);
  await failures.forget(emailSubject(attempt));
}

/** Throws `not-found`. */
async function needUser(db: Db, userId: number): Promise<string> {
  const user = await createUserStore(db).find(userId);
  if (user === null) throw notFound('user');
  return user.email;
}

function ownId(caller: Caller): number {
  if (caller.userId === null) throw notFound('session');
  return caller.userId;
}

const emailSubject = ({ email }: SignIn) => `staff:${email.toLowerCase()}`;

/** Whatever a browser sends: PostgreSQL keeps no NUL, and nobody reads a novel. */
const keepable = (userAgent: string | undefined) =>
  userAgent === undefined ? null : userAgent.replaceAll('\0', '').slice(0, longestUserAgent);

const callerFrom = (user: SessionUser, address: string): Caller => ({
  userId: user.userId,
  email: user.email,
  role: user.role,
  accounts: user.role === 'admin' ? 'all' : user.accountIds,
  address,
});
