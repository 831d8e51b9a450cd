import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Caller } from '../../../shared/domain/staff';
import { type Duty, isDemandedOf, type SignInRules } from '../../../shared/domain/sign-in-rules';
import { badStaffCredentials, notFound } from '../../../shared/errors/catalog';
import { hashSessionToken, isSessionToken, newSessionToken } from '../../../shared/secrets';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { OidcStore } from '../../../shared/stores/staff/oidc-store';
import type {
  OpenSession,
  SessionStore,
  SessionUser,
  SignInMethod,
} from '../../../shared/stores/staff/session-store';
import type { UserStore } from '../../../shared/stores/staff/user-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

/** The stores for opening a session. */
export interface SessionStores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly sessions: Pick<SessionStore, 'insert' | 'find'>;
}

interface Stores extends SessionStores {
  readonly oidc: Pick<OidcStore, 'unlink'>;
  readonly sessions: Omit<SessionStore, 'noteProof'>;
  readonly users: Pick<UserStore, 'find'>;
}

/** Where someone signs in from. */
export interface Origin {
  readonly address: string;
  /** The name that the browser or program gives itself. */
  readonly userAgent?: string | undefined;
}

export interface Session {
  readonly token: string;
  readonly expiresAt: Date;
  /** Someone else chose the password: the console asks for another one first. */
  readonly mustChangePassword: boolean;
}

/** The holder of a session and the rights of that session. */
export interface Visitor {
  readonly caller: Caller;
  /** The step that the user must take on the console before anything else. Null: there is none. */
  readonly duty: Duty | null;
  readonly method: SignInMethod;
  readonly hasSecondFactor: boolean;
  /** The user entered the password or signed in a short time ago. */
  readonly isProofFresh: boolean;
}

interface Opening {
  readonly userId: number;
  readonly method: SignInMethod;
  readonly rules: SignInRules;
}

interface Deps extends StoreAccess<Stores> {
  readonly rules: SignInRules;
}

/** A little more than a working day. */
const sessionSeconds = 12 * 3600;
const longestUserAgent = 300;

export type SessionService = ReturnType<typeof createSessionService>;

/** Finds out who calls, and ends sessions. */
export function createSessionService({ stores, transaction, rules }: Deps) {
  const { idleMinutes } = rules;
  return {
    /**
     * The holder of the token, with the current rights. Null: there is no such session (any more). `isUse`: the user
     * does something. A page that refreshes itself does not keep a session open.
     */
    async findVisitor(token: string, address: string, isUse: boolean): Promise<Visitor | null> {
      // A malformed token is not looked up in the database.
      if (!isSessionToken(token)) return null;
      const user = await stores.sessions.find(hashSessionToken(token), { idleMinutes, isUse });
      return user === null ? null : visitorFrom(user, address, rules);
    },

    async signOut(token: string, caller: Caller): Promise<void> {
      await transaction(async (stores) => {
        await stores.sessions.remove(hashSessionToken(token));
        await stores.audit.add([auditEntry(caller, 'session.end')]);
      });
    },

    /** The caller's own open sessions. `token`: of the session that asks. */
    listOwn: (caller: Caller, token: string): Promise<OpenSession[]> =>
      stores.sessions.list(ownId(caller), hashSessionToken(token), idleMinutes),

    /** The sessions of another user. Only for admins. Throws `forbidden`, `not-found`. */
    async listOf(caller: Caller, userId: number): Promise<OpenSession[]> {
      needAdmin(caller);
      await needUser(stores, userId);
      return stores.sessions.list(userId, null, idleMinutes);
    },

    /** Ends one of the caller's own sessions. Throws `not-found`. */
    async endOwn(caller: Caller, sessionId: string): Promise<void> {
      await transaction(async (stores) => {
        const isEnded = await stores.sessions.removeOne(ownId(caller), sessionId);
        if (!isEnded) throw notFound('session');
        await stores.audit.add([auditEntry(caller, 'session.end')]);
      });
    },

    /** Signs a user out everywhere. Returns the number of ended sessions. Throws `forbidden`, `not-found`. */
    async endAllOf(caller: Caller, userId: number): Promise<number> {
      needAdmin(caller);
      return transaction(async (stores) => {
        const email = await needUser(stores, userId);
        const ended = await stores.sessions.removeOfUser(userId);
        const before = { user: email, sessions: ended };
        await stores.audit.add([auditEntry(caller, 'session.end-all', { before })]);
        return ended;
      });
    },

    /**
     * Deletes the links of a user to identity providers, so that the e-mail address decides again. Returns how many
     * there were. Throws `forbidden`, `not-found`.
     */
    async forgetIdentities(caller: Caller, userId: number): Promise<number> {
      needAdmin(caller);
      return transaction(async (stores) => {
        const email = await needUser(stores, userId);
        const forgotten = await stores.oidc.unlink(userId);
        const before = { user: email, identities: forgotten };
        await stores.audit.add([auditEntry(caller, 'user.forget-identities', { before })]);
        return forgotten;
      });
    },
  };
}

/** Opens a session for a user who has signed in. In a transaction of its caller. */
export async function openSession(
  { audit, sessions }: SessionStores,
  { userId, method, rules }: Opening,
  { address, userAgent }: Origin,
): Promise<Session> {
  const token = newSessionToken();
  const tokenSha256 = hashSessionToken(token);
  const expiresAt = await sessions.insert({
    tokenSha256,
    userId,
    seconds: sessionSeconds,
    method,
    address,
    userAgent: keepable(userAgent),
  });
  const look = { idleMinutes: rules.idleMinutes, isUse: true };
  const user = await sessions.find(tokenSha256, look);
  if (user === null) throw badStaffCredentials();
  const isPast = method === 'password' && rules.passwords === 'break-glass';
  const after = { method, ...(isPast ? { pastTheProvider: true } : {}) };
  await audit.add([auditEntry(callerFrom(user, address), 'session.start', { after })]);
  return { token, expiresAt, mustChangePassword: dutyOf(user, rules) === 'change-password' };
}

/** Throws `not-found`. */
async function needUser({ users }: Pick<Stores, 'users'>, userId: number): Promise<string> {
  const user = await users.find(userId);
  if (user === null) throw notFound('user');
  return user.email;
}

function ownId(caller: Caller): number {
  if (caller.userId === null) throw notFound('session');
  return caller.userId;
}

/** The text of the browser in a form that PostgreSQL can store, limited in length. */
const keepable = (userAgent: string | undefined) =>
  userAgent === undefined ? null : userAgent.replaceAll('\0', '').slice(0, longestUserAgent);

const visitorFrom = (user: SessionUser, address: string, rules: SignInRules): Visitor => ({
  caller: callerFrom(user, address),
  duty: dutyOf(user, rules),
  method: user.method,
  hasSecondFactor: user.hasSecondFactor,
  isProofFresh: Date.now() - user.provedAt.getTime() < rules.askAgainMinutes * 60_000,
});

/** For a sign-in through an identity provider, the provider's own rules apply. */
function dutyOf({ method, role, isPasswordFirst, hasSecondFactor }: SessionUser, rules: SignInRules) {
  if (method === 'oidc') return null;
  if (isPasswordFirst) return 'change-password';
  return !hasSecondFactor && isDemandedOf(rules, role) ? 'set-up-second-factor' : null;
}

const callerFrom = (user: SessionUser, address: string): Caller => ({
  userId: user.userId,
  email: user.email,
  role: user.role,
  accounts: user.role === 'admin' ? 'all' : user.accountIds,
  address,
});
