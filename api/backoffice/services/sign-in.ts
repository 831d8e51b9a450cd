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
import { isOfOtherCost } from '../../../shared/passwords/password-hash';
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
import type { FailureStores } from './counted-attempts';
import { countAttempt, countCode, forgive, forgiveCode } from './sign-in-limits';
import { auditEntry } from './trail';

interface Stores extends FailureStores, SecondFactorStores, SessionStores {
  readonly sessions: Pick<SessionStore, 'insert' | 'find' | 'removeOfUser' | 'noteProof'>;
  readonly signIns: SignInStore;
  readonly staffMails: Pick<StaffMailStore, 'add'>;
  readonly users: Pick<UserStore, 'findCredentials' | 'findCredentialsById' | 'update'>;
}

export interface SignIn extends Origin {
  readonly email: string;
  readonly password: string;
  /** Of the second factor, or a recovery code. */
  readonly code?: string | undefined;
}

/** Signed in, or one step further: the code of the second factor is still to come. */
export type SignInResult =
  { readonly isDone: true; readonly session: Session } | { readonly isDone: false; readonly step: string };

export interface PasswordChange {
  readonly current: string;
  readonly next: string;
  /** Of the session that asks: it goes on. */
  readonly token: string;
}

interface Deps extends StoreAccess<Stores> {
  readonly passwords: PasswordHasher;
  readonly rules: SignInRules;
  /** Opens the secrets of second factors. */
  readonly seal: Seal;
  readonly log: Pick<Logger, 'warn'>;
}

/** How long someone may take to find their telephone. */
const stepSeconds = 300;

export type SignInService = ReturnType<typeof createSignInService>;

/** Lets staff in by password and second factor, and asks them again. */
export function createSignInService(deps: Deps) {
  const { stores, transaction } = deps;
  return {
    /**
     * Throws `bad-credentials`, `second-factor-needed` where a code is needed and none came, `second-factor-missing`,
     * `passwords-off`, `too-many-requests`, and `unavailable` where too many sign in at once.
     */
    async signIn(attempt: SignIn): Promise<Session> {
      const user = await provePassword(deps, attempt);
      if (!user.hasSecondFactor && isDemandedOf(deps.rules, user.role)) throw secondFactorMissing();
      if (user.hasSecondFactor) {
        if (attempt.code === undefined) throw secondFactorNeeded();
        await proveCode(deps, user.id, attempt.code);
      }
      return enter(deps, user, attempt);
    },

    /** For people: as `signIn`, in two steps where there is a second factor. */
    async begin(attempt: SignIn): Promise<SignInResult> {
      const user = await provePassword(deps, attempt);
      if (!user.hasSecondFactor) return { isDone: true, session: await enter(deps, user, attempt) };
      const step = newSessionToken();
      await stores.signIns.addStep(hashSessionToken(step), user.id, stepSeconds);
      return { isDone: false, step };
    },

    /** The second step. Throws `bad-credentials`: the code is wrong, or it took too long. */
    async finish(step: string, code: string, origin: Origin): Promise<Session> {
      const tokenSha256 = hashSessionToken(isSessionToken(step) ? step : '');
      const userId = await stores.signIns.findStep(tokenSha256);
      if (userId === null) throw badStaffCredentials();
      await proveCode(deps, userId, code);
      await stores.signIns.removeStep(tokenSha256);
      const user = await stores.users.findCredentialsById(userId);
      if (user === null) throw badStaffCredentials();
      return enter(deps, user, origin);
    },

    /**
     * Someone's own password. All other sessions end. Throws `bad-credentials` where the current one is wrong,
     * `invalid-fields` where the next one cannot be, and `too-many-requests` as at signing in: who finds an open browser
     * must not guess in it either.
     */
    async changePassword(caller: Caller, change: PasswordChange): Promise<void> {
      const attempt = proofOf(caller, change.current);
      const { user, counted } = await checkPassword(deps, attempt, ownTurnOf(caller));
      const fault =
        (await passwordFault(change.next, caller.email)) ??
        (user.isPasswordFirst && change.next === change.current
          ? ({ code: 'same-password' } as const)
          : null);
      if (fault !== null) throw invalidFields([{ field: 'next', fault }]);
      const passwordHash = await deps.passwords.hash(change.next, ownTurnOf(caller));
      await transaction(async (stores) => {
        await forgive(stores, attempt, counted);
        await stores.users.update(user.id, { passwordHash, isPasswordFirst: false });
        await stores.sessions.removeOfUser(user.id, hashSessionToken(change.token));
        if (deps.rules.sendsMail) await stores.staffMails.add(user.id, 'password-changed', null);
        const told = { after: { email: caller.email, password: 'changed' } };
        await stores.audit.add([auditEntry(caller, 'user.change-password', told)]);
      });
    },

    /**
     * Before keys, roles and secrets: whoever sits at the browser proves once more who they are, by the password.
     * Throws `bad-credentials`, `too-many-requests`.
     */
    async proveAgain(caller: Caller, password: string, token: string): Promise<void> {
      const attempt = proofOf(caller, password);
      const { counted } = await checkPassword(deps, attempt, ownTurnOf(caller));
      await forgive(stores, attempt, counted);
      await stores.sessions.noteProof(hashSessionToken(token));
    },
  };
}

/** Counted before the slow check; what succeeds is taken back. */
async function provePassword(deps: Deps, attempt: SignIn): Promise<UserCredentials> {
  const { stores, rules } = deps;
  if (rules.passwords === 'no') throw passwordsOff();
  const isAtHome = await stores.signIns.isKnownPlace(attempt.email, callerNetwork(attempt.address));
  const turn = { isKnown: isAtHome, from: callerNetwork(attempt.address) };
  const { user, counted } = await checkPassword(deps, attempt, turn);
  await forgive(stores, attempt, counted);
  if (rules.passwords === 'break-glass') breakGlass(deps, user, attempt);
  return user;
}

/** Throws `passwords-off`: others than admins wait for the provider. */
function breakGlass({ log }: Deps, user: UserCredentials, { address }: SignIn): void {
  if (user.role !== 'admin') throw passwordsOff();
  log.warn({ user: user.email, address }, 'an admin signed in with a password, past the identity provider');
}

/** An unknown e-mail costs the same check as a known one: time must not tell them apart. Answers what to take back, too. */
async function checkPassword(
  { stores, transaction, passwords }: Deps,
  attempt: SignIn,
  turn: Turn,
): Promise<{ user: UserCredentials; counted: string[] }> {
  const counted = await countAttempt({ stores, transaction }, attempt, turn.isKnown);
  const { users } = stores;
  const user = await users.findCredentials(attempt.email);
  const isRight = await passwords.verify(attempt.password, user?.passwordHash ?? null, turn);
  if (user === null || !isRight) throw badStaffCredentials();
  if (isOfOtherCost(user.passwordHash)) {
    await users.update(user.id, { passwordHash: await passwords.hash(attempt.password, turn) });
  }
  return { user, counted };
}

/** Throws `bad-credentials`, `too-many-requests`: who knows the password must not guess the code. */
async function proveCode({ stores, transaction, seal }: Deps, userId: number, code: string): Promise<void> {
  const counted = await countCode({ stores, transaction }, userId);
  if (!(await isRightCode({ stores, seal }, userId, code))) throw badStaffCredentials();
  await forgiveCode(stores, counted);
}

function enter({ transaction, rules }: Deps, user: UserCredentials, origin: Origin): Promise<Session> {
  return transaction(async (stores) => {
    await stores.signIns.notePlace(user.id, callerNetwork(origin.address));
    return openSession(stores, { userId: user.id, method: 'password', rules }, origin);
  });
}

const proofOf = (caller: Caller, password: string): SignIn => ({
  email: caller.email,
  password,
  address: caller.address ?? '',
});

const ownTurnOf = (caller: Caller): Turn => ({ isKnown: true, from: caller.email });
