import type { StoreAccess } from '../../../shared/stores/store-access';
import { callerNetwork } from '../../../shared/domain/network';
import { isDemandedOf, type SignInRules } from '../../../shared/domain/sign-in-rules';
import type { Caller } from '../../../shared/domain/staff';
import {
  badStaffCredentials,
  invalidFields,
  passwordsOff,
  secondFactorMissing,
  secondFactorNeeded,
} from '../../../shared/errors/catalog';
import type { Logger } from '../../../shared/log';
import type { PasswordHasher, Turn } from '../../../shared/passwords/password-hasher';
import { passwordFault } from '../../../shared/passwords/password-rules';
import type { Seal } from '../../../shared/seal/seal';
import { hashSessionToken, isSessionToken, newSessionToken } from '../../../shared/secrets';
import type { SessionStore } from '../../../shared/stores/staff/session-store';
import type { SignInStore } from '../../../shared/stores/staff/sign-in-store';
import type { StaffMailStore } from '../../../shared/stores/staff/staff-mail-store';
import type { UserCredentials, UserStore } from '../../../shared/stores/staff/user-store';
import { isRightCode, type SecondFactorStores } from './second-factor';
import { openSession, type Origin, type Session, type SessionStores } from './session';
import { type BrowserOrigin, noteBrowserOf, standingInSession, standingOf } from './standing';
import type { FailureStores } from './counted-attempts';
import {
  countAttempt,
  type CountedAttempt,
  countCode,
  forgive,
  forgiveCode,
  type KnownAs,
  takeBack,
} from './sign-in-limits';
import { auditEntry } from './trail';

interface Stores extends FailureStores, SecondFactorStores, SessionStores {
  readonly sessions: Pick<SessionStore, 'insert' | 'find' | 'removeOfUser' | 'noteProof'>;
  readonly signIns: SignInStore;
  readonly staffMails: Pick<StaffMailStore, 'add'>;
  readonly users: Pick<UserStore, 'findCredentials' | 'findCredentialsById' | 'update'>;
}

export interface SignIn extends BrowserOrigin {
  readonly email: string;
  readonly password: string;
  /** The code of the second factor, or a recovery code. */
  readonly code?: string | undefined;
}

export interface BrowserSession extends Session {
  /** The token that the browser shows at its next sign-in, so that it is recognised. */
  readonly browserToken: string;
}

/** Either signed in, or the code of the second factor is still needed. */
export type SignInResult =
  | { readonly isDone: true; readonly session: BrowserSession }
  | { readonly isDone: false; readonly step: string };

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
  /** The token of the calling session, which stays open. */
  readonly token: string;
}

interface Deps extends StoreAccess<Stores> {
  readonly passwords: PasswordHasher;
  readonly rules: SignInRules;
  /** Opens the secrets of second factors. */
  readonly seal: Seal;
  readonly log: Pick<Logger, 'warn'>;
}

/** How long the second step may take. */
const stepSeconds = 300;

export type SignInService = ReturnType<typeof createSignInService>;

/** Signs staff in by password and second factor, and asks for the password again. */
export function createSignInService(deps: Deps) {
  const { stores, transaction } = deps;
  return {
    /**
     * Throws `bad-credentials`, `second-factor-needed` where a code is needed and none came, `second-factor-missing`,
     * `passwords-off`, `too-many-requests`, and `unavailable` where too many sign in at once.
     */
    async signIn(attempt: SignIn): Promise<Session> {
      const { user, standing } = await provePassword(deps, attempt);
      if (!user.hasSecondFactor && isDemandedOf(deps.rules, user.role)) throw secondFactorMissing();
      if (user.hasSecondFactor) {
        if (attempt.code === undefined) throw secondFactorNeeded();
        await proveCode(deps, { userId: user.id, code: attempt.code, standing });
      }
      return enter(deps, user, attempt);
    },

    /** For people: as `signIn`, in two steps where there is a second factor. */
    async begin(attempt: SignIn): Promise<SignInResult> {
      const { user } = await provePassword(deps, attempt);
      if (!user.hasSecondFactor) return { isDone: true, session: await enterInBrowser(deps, user, attempt) };
      const step = newSessionToken();
      await stores.signIns.addStep(hashSessionToken(step), user.id, stepSeconds);
      return { isDone: false, step };
    },

    /** The second step. Throws `bad-credentials`: the code is wrong, or it took too long. */
    async finish(step: string, code: string, origin: BrowserOrigin): Promise<BrowserSession> {
      const tokenSha256 = hashSessionToken(isSessionToken(step) ? step : '');
      const userId = await stores.signIns.findStep(tokenSha256);
      const user = userId === null ? null : await stores.users.findCredentialsById(userId);
      if (user === null) throw badStaffCredentials();
      const standing = await standingOf(stores.signIns, user.email, origin);
      await proveCode(deps, { userId: user.id, code, standing });
      await stores.signIns.removeStep(tokenSha256);
      return enterInBrowser(deps, user, origin);
    },

    /**
     * Someone's own password. All other sessions end. Throws `bad-credentials` where the current one is wrong,
     * `invalid-fields` where the next one cannot be, and `too-many-requests` as at signing in: who finds an open browser
     * must not guess in it either.
     */
    async changePassword(caller: Caller, change: PasswordChange): Promise<void> {
      const attempt = proofOf(caller, change.current);
      const { user, counted } = await checkPassword(deps, attempt, standingInSession(change.token));
      const fault =
        (await passwordFault(change.next, caller.email)) ??
        (user.isPasswordFirst && change.next === change.current
          ? ({ code: 'same-password' } as const)
          : null);
      if (fault !== null) throw invalidFields([{ field: 'next', fault }]);
      const passwordHash = await deps.passwords.hash(change.next, ownTurnOf(caller));
      await transaction(async (stores) => {
        await forgive(stores, counted);
        await stores.users.update(user.id, { passwordHash, isPasswordFirst: false });
        await stores.sessions.removeOfUser(user.id, hashSessionToken(change.token));
        if (deps.rules.sendsMail) await stores.staffMails.add(user.id, 'password-changed', null);
        const deed = { after: { email: caller.email, password: 'changed' } };
        await stores.audit.add([auditEntry(caller, 'user.change-password', deed)]);
      });
    },

    /**
     * Before keys, roles and secrets are changed, the user enters the password again. Throws `bad-credentials`,
     * `too-many-requests`.
     */
    async proveAgain(caller: Caller, password: string, token: string): Promise<void> {
      const attempt = proofOf(caller, password);
      const { counted } = await checkPassword(deps, attempt, standingInSession(token));
      await forgive(stores, counted);
      await stores.sessions.noteProof(hashSessionToken(token));
    },
  };
}

/** The attempt is counted before the slow check, and taken back if it succeeds. */
async function provePassword(deps: Deps, attempt: SignIn): Promise<Proved> {
  const { stores, rules } = deps;
  if (rules.passwords === 'no') throw passwordsOff();
  const standing = await standingOf(stores.signIns, attempt.email, attempt);
  const { user, counted } = await checkPassword(deps, attempt, standing);
  await forgive(stores, counted);
  if (rules.passwords === 'break-glass') breakGlass(deps, user, attempt);
  return { user, standing };
}

interface Proved {
  readonly user: UserCredentials;
  readonly standing: KnownAs;
}

/** Throws `passwords-off` for users who are not admins. */
function breakGlass({ log }: Deps, user: UserCredentials, { address }: SignIn): void {
  if (user.role !== 'admin') throw passwordsOff();
  log.warn({ user: user.email, address }, 'an admin signed in with a password, past the identity provider');
}

/**
 * An unknown e-mail costs the same check as a known one, so that the time does not reveal it. Also returns the attempt
 * to take back.
 */
async function checkPassword(
  { stores, transaction, passwords }: Deps,
  attempt: SignIn,
  standing: KnownAs,
): Promise<{ user: UserCredentials; counted: CountedAttempt }> {
  const counted = await countAttempt({ stores, transaction }, attempt, standing);
  const { users } = stores;
  const user = await users.findCredentials(attempt.email);
  const turn = turnOf(attempt, standing);
  const isRight = await passwords
    .verify(attempt.password, user?.passwordHash ?? null, turn)
    .catch(async (error: unknown) => {
      // Too many callers wait. The password was not checked, so the attempt does not count.
      await takeBack(stores, counted);
      throw error;
    });
  if (user === null || !isRight) throw badStaffCredentials();
  if (passwords.isOfOtherCost(user.passwordHash)) {
    await users.update(user.id, { passwordHash: await passwords.hash(attempt.password, turn) });
  }
  return { user, counted };
}

/** Throws `bad-credentials`, `too-many-requests`: who knows the password must not guess the code. */
async function proveCode(
  { stores, transaction, seal }: Deps,
  { userId, code, standing }: { userId: number; code: string; standing: KnownAs },
): Promise<void> {
  const counted = await countCode({ stores, transaction }, userId, standing);
  if (!(await isRightCode({ stores, seal }, userId, code))) throw badStaffCredentials();
  await forgiveCode(stores, counted);
}

const enter = ({ transaction, rules }: Deps, user: UserCredentials, origin: Origin): Promise<Session> =>
  transaction((stores) => enterBy(stores, rules, { user, origin }));

interface Entrance {
  readonly user: UserCredentials;
  readonly origin: Origin;
}

async function enterBy(stores: Stores, rules: SignInRules, { user, origin }: Entrance): Promise<Session> {
  await stores.signIns.notePlace(user.id, callerNetwork(origin.address));
  return openSession(stores, { userId: user.id, method: 'password', rules }, origin);
}

/** As `enter`; from now on the browser is known. */
function enterInBrowser(deps: Deps, user: UserCredentials, origin: BrowserOrigin): Promise<BrowserSession> {
  return deps.transaction(async (stores) => {
    const browserToken = await noteBrowserOf(stores.signIns, user, origin.browserToken);
    return { ...(await enterBy(stores, deps.rules, { user, origin })), browserToken };
  });
}

const proofOf = (caller: Caller, password: string): SignIn => ({
  email: caller.email,
  password,
  address: caller.address ?? '',
});

/** Known callers come before unknown ones. */
const turnOf = ({ address }: SignIn, { kind }: KnownAs): Turn => ({
  isKnown: kind !== 'stranger',
  from: callerNetwork(address),
});

const ownTurnOf = (caller: Caller): Turn => ({ isKnown: true, from: caller.email });
