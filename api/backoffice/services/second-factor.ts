import { randomBytes } from 'node:crypto';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { SignInRules } from '../../../shared/domain/sign-in-rules';
import type { StaffMailKind } from '../../../shared/domain/staff-mail';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyExists, invalidFields, notFound } from '../../../shared/errors/catalog';
import { newTotpSecret, totpStepOf, totpUri } from '../../../shared/passwords/totp';
import type { Seal } from '../../../shared/seal/seal';
import { hashSessionToken } from '../../../shared/secrets';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { SecondFactorStore } from '../../../shared/stores/staff/second-factor-store';
import type { StaffMailStore } from '../../../shared/stores/staff/staff-mail-store';
import type { UserStore } from '../../../shared/stores/staff/user-store';
import { needAdmin } from './rights';
import type { FailureStores } from './counted-attempts';
import { countCode, forgiveCode } from './sign-in-limits';
import { auditEntry } from './trail';

/** The stores against which codes are checked. Each code works once. */
export interface SecondFactorStores {
  readonly secondFactors: Pick<SecondFactorStore, 'find' | 'useStep' | 'useRecoveryCode'>;
}

interface Stores extends FailureStores, SecondFactorStores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly secondFactors: SecondFactorStore;
  readonly staffMails: Pick<StaffMailStore, 'add'>;
  readonly users: Pick<UserStore, 'find'>;
}

export interface SecondFactorState {
  /** Null: there is none. */
  readonly since: Date | null;
  readonly recoveryCodesLeft: number;
}

/** The data for an app. It is only shown to the owner, and only once. */
export interface SecondFactorOffer {
  /** In base32, to be typed. */
  readonly secret: string;
  /** The same secret, for a QR code. */
  readonly uri: string;
}

interface Deps extends StoreAccess<Stores> {
  readonly seal: Seal;
  readonly rules: Pick<SignInRules, 'sendsMail'>;
}

const recoveryCodes = 10;
/** The purpose with which its secrets are sealed. */
const sealPurpose = 'second-factor';

export type SecondFactorService = ReturnType<typeof createSecondFactorService>;

/** The user's own second factor: codes of an authenticator app, and recovery codes in case it is lost. */
export function createSecondFactorService(deps: Deps) {
  const { stores, transaction, seal } = deps;
  return {
    async state(caller: Caller): Promise<SecondFactorState> {
      const { since, recoveryCodesLeft } = await factorOf(deps, ownId(caller));
      return { since, recoveryCodesLeft };
    },

    /**
     * Begins the set-up and returns what the app needs. It takes effect once a code has shown that the app has it.
     * Until then, the same data is returned again. Throws `already-exists`.
     */
    async offer(caller: Caller): Promise<SecondFactorOffer> {
      const { pending, secret: active } = await factorOf(deps, ownId(caller));
      if (active !== null) throw alreadyExists('second factor');
      if (pending !== null) return offerOf(caller, seal.open(pending, sealPurpose));
      const secret = newTotpSecret();
      await stores.secondFactors.setPending(ownId(caller), seal.seal(secret, sealPurpose));
      return offerOf(caller, secret);
    },

    /**
     * Turns it on. Returns the recovery codes, which are only shown once. Throws `invalid-fields`, `too-many-requests`.
     */
    async turnOn(caller: Caller, code: string): Promise<string[]> {
      const { pending } = await factorOf(deps, ownId(caller));
      const counted = await countCode(deps, ownId(caller));
      const step = pending === null ? null : totpStepOf(seal.open(pending, sealPurpose), spaceless(code));
      if (pending === null || step === null) throw wrongCode();
      const codes = Array.from({ length: recoveryCodes }, newRecoveryCode);
      await transaction(async (stores) => {
        const { secondFactors } = stores;
        if (!(await secondFactors.activate(ownId(caller), pending, step))) throw wrongCode();
        await secondFactors.replaceRecoveryCodes(ownId(caller), codes.map(digestOf));
        await forgiveCode(stores, counted);
        await tell(deps, stores, caller, { userId: ownId(caller), email: caller.email, isOn: true });
      });
      return codes;
    },

    /** Turns off the user's own second factor, with a code of it. Throws `invalid-fields`, `too-many-requests`. */
    async turnOff(caller: Caller, code: string): Promise<void> {
      const counted = await countCode(deps, ownId(caller));
      if (!(await isRightCode(deps, ownId(caller), code))) throw wrongCode();
      await forgiveCode(stores, counted);
      await remove(deps, caller, { userId: ownId(caller), email: caller.email });
    },

    /**
     * Turns off the second factor of another user who has lost the app and the codes. Only for admins. Throws
     * `forbidden`, `not-found`.
     */
    async turnOffOf(caller: Caller, userId: number): Promise<void> {
      needAdmin(caller);
      const user = await stores.users.find(userId);
      if (user === null) throw notFound('user');
      await remove(deps, caller, { userId, email: user.email });
    },
  };
}

interface CodeDeps {
  readonly stores: SecondFactorStores;
  readonly seal: Pick<Seal, 'open'>;
}

/** True for a code of the app or a recovery code. Each works once. */
export async function isRightCode(
  { stores, seal }: CodeDeps,
  userId: number,
  written: string,
): Promise<boolean> {
  const { secondFactors } = stores;
  const code = spaceless(written);
  const factor = await secondFactors.find(userId);
  if (factor === null || factor.secret === null) return false;
  if (!/^\d{6}$/.test(code)) return secondFactors.useRecoveryCode(userId, digestOf(code));
  const step = totpStepOf(seal.open(factor.secret, sealPurpose), code);
  return step !== null && (await secondFactors.useStep(userId, step));
}

interface Owner {
  readonly userId: number;
  readonly email: string;
}

function remove(deps: Deps, caller: Caller, owner: Owner): Promise<void> {
  return deps.transaction(async (stores) => {
    if (!(await stores.secondFactors.remove(owner.userId))) return;
    await tell(deps, stores, caller, { ...owner, isOn: false });
  });
}

/** Records it in the audit trail, and notifies the owner by e-mail. */
async function tell(
  { rules }: Deps,
  stores: Pick<Stores, 'audit' | 'staffMails'>,
  caller: Caller,
  { userId, email, isOn }: Owner & { readonly isOn: boolean },
): Promise<void> {
  const kind: StaffMailKind = isOn ? 'second-factor-on' : 'second-factor-off';
  const doneBy = caller.userId === userId ? null : caller.email;
  if (rules.sendsMail) await stores.staffMails.add(userId, kind, doneBy);
  await stores.audit.add([auditEntry(caller, `user.${kind}`, { after: { email } })]);
}

async function factorOf({ stores }: Deps, userId: number) {
  const factor = await stores.secondFactors.find(userId);
  if (factor === null) throw notFound('user');
  return factor;
}

const offerOf = (caller: Caller, secret: string): SecondFactorOffer => ({
  secret,
  uri: totpUri(secret, caller.email),
});

function ownId(caller: Caller): number {
  if (caller.userId === null) throw notFound('user');
  return caller.userId;
}

const wrongCode = () => invalidFields([{ field: 'code', fault: { code: 'wrong-code' } }]);

/** 80 random bits, in two groups that can be read aloud: `8f3a1c20d4-77be09a1f2`. */
function newRecoveryCode(): string {
  const hex = randomBytes(10).toString('hex');
  return `${hex.slice(0, 10)}-${hex.slice(10)}`;
}

/** As apps and people write codes: with blanks, in capitals. */
const spaceless = (code: string) => code.replace(/\s/g, '').toLowerCase();

const digestOf = (code: string): Buffer => hashSessionToken(code.replaceAll('-', ''));
