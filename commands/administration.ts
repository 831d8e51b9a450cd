import type { Config } from '../shared/config/config';
import { type Db, inTransaction, migrate, openDatabase } from '../shared/db/database';
import { type Retention, type RetentionChange, retentionLimits } from '../shared/domain/retention';
import { loginPolicies } from '../shared/domain/solution-settings';
import { commandLineCaller, passwordLength, type Role, roles } from '../shared/domain/staff';
import { createPasswordHasher } from '../shared/passwords/password-hasher';
import { createSeal } from '../shared/seal/seal';
import { newPassword } from '../shared/secrets';
import { type Account, createAccountStore } from '../shared/stores/solutions/account-store';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import { createServerKeyStore } from '../shared/stores/staff/server-key-store';
import { createSightStore } from '../shared/stores/staff/sight-store';
import { createUserStore } from '../shared/stores/staff/user-store';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { createAccountService } from '../api/backoffice/services/accounts';
import {
  createSolutionService,
  type EnrolledSolution,
  needSomeProof,
  checkedSolution,
} from '../api/backoffice/services/solutions';
import { createSecondFactorService } from '../api/backoffice/services/second-factor';
import { auditEntry } from '../api/backoffice/services/trail';
import { createUserService } from '../api/backoffice/services/users';
import { keyOverlapSeconds, tokenKeyName } from '../api/services/token-keys';
import { openStoreAccess } from '../shared/stores/store-access';

// The commands other than running servers. They use the same services as the backoffice.

/** `epack migrate`. Returns the migrations that it ran. */
export function migrateDatabase(config: Config): Promise<string[]> {
  return withDatabase(config, migrate);
}

export interface AddedUser {
  readonly email: string;
  readonly role: Role;
  /** If nobody chose a password, it is generated here and shown only once. Null: it was given. */
  readonly drawnPassword: string | null;
}

/**
 * `epack user add`. `password`: as someone chose it; null: one is generated. Throws a sentence, `invalid-fields`,
 * `already-exists`.
 */
export function addUser(
  config: Config,
  input: {
    readonly email: string;
    readonly role: string;
    readonly password: string | null;
    /** Names of existing accounts. */
    readonly accounts: readonly string[];
  },
): Promise<AddedUser> {
  const role = roles.find((known) => known === input.role);
  if (role === undefined) throw new RangeError(`The role must be ${roles.join(', ')}.`);
  const password = input.password ?? newPassword();
  const { least, most } = passwordLength;
  if (password.length < least || password.length > most)
    throw new RangeError(`The password must have ${least} to ${most} characters.`);
  const isDrawn = input.password === null;
  return withDatabase(config, async (db) => {
    const accountIds = await accountIdsOf(db, input.accounts);
    const passwords = createPasswordHasher();
    const users = createUserService({ ...openStoreAccess(db), passwords, rules: config.signIn });
    try {
      // The person who ran the command has seen the generated password.
      const user = { email: input.email, password, role, accountIds, mustChangePassword: isDrawn };
      const { email } = await users.create(commandLineCaller, user);
      return { email, role, drawnPassword: isDrawn ? password : null };
    } finally {
      await passwords.close();
    }
  });
}

/** `epack config`: what running servers noticed about missing settings. Nothing if no database can be reached. */
export async function warningsOf(config: Config): Promise<string[]> {
  const seen = await withDatabase(config, (db) => createSightStore(db).untrustedProxy()).catch(() => null);
  return seen === null
    ? []
    : [
        `${seen.address} sends X-Forwarded-For and is not trusted: everyone seems to call from there. If it is your proxy, set EPACK_TRUST_PROXY.`,
      ];
}

/** `epack user second-factor --remove`: for an admin who has lost the app and the codes. Throws `not-found`. */
export function removeSecondFactor(config: Config, email: string): Promise<void> {
  return withDatabase(config, async (db) => {
    const user = await createUserStore(db).findByEmail(email);
    if (user === null) throw new Error(`There is no user "${email}".`);
    const seal = createSeal(config.secretsKeys);
    await createSecondFactorService({ ...openStoreAccess(db), seal, rules: config.signIn }).turnOffOf(
      commandLineCaller,
      user.id,
    );
  });
}

export interface AddedSolution extends EnrolledSolution {
  /** The name of an account that was created for it. Null: the account existed. */
  readonly madeAccount: string | null;
}

/** `epack solution add`. The secret is shown only once. Throws `invalid-fields`, `already-exists`. */
export function addSolution(
  config: Config,
  input: {
    readonly mail: string;
    readonly name: string;
    readonly account?: string;
    readonly timezone: string;
    readonly loginPolicy: string;
    /** `ignore`: it may come with any MAC. */
    readonly mac?: string;
  },
): Promise<AddedSolution> {
  // This is checked before an account is created for it.
  const { mail, name, timezone } = checkedSolution(input);
  const signIn = signInOf(input);
  return withDatabase(config, async (db) => {
    const account = input.account === undefined ? null : await accountOf(db, input.account.trim());
    const enrolled = await createSolutionService(openStoreAccess(db)).create(commandLineCaller, {
      mail,
      name,
      accountId: account?.id ?? null,
      ...signIn,
      confirmation: 'explicit',
      timezone,
    });
    return { ...enrolled, madeAccount: account?.isNew === true ? account.name : null };
  });
}

/** Throws a sentence. */
function signInOf({ loginPolicy: written, mac }: { readonly loginPolicy: string; readonly mac?: string }) {
  const loginPolicy = loginPolicies.find((policy) => policy === written);
  if (loginPolicy === undefined) throw new RangeError(`A login policy is ${loginPolicies.join(' or ')}.`);
  if (mac !== undefined && mac !== 'ignore')
    throw new RangeError('A MAC is bound by the first login; the option can only be "ignore".');
  const signIn = { loginPolicy, mac: mac === undefined ? null : ('ignore' as const) };
  needSomeProof(signIn);
  return signIn;
}

/** `epack account retention`. Undefined members stay as they are. Returns the values now in force. */
export function changeRetention(config: Config, name: string, change: RetentionChange): Promise<Retention> {
  return withDatabase(config, async (db) => {
    const account = await createAccountStore(db).findByName(name);
    if (account === null) throw new Error(`There is no account "${name}".`);
    const accounts = createAccountService(openStoreAccess(db));
    return (await accounts.changeRetention(commandLineCaller, account.id, change)).retention;
  });
}

/** Reads a number of days; `default` or `ever`: null. Throws a sentence. */
export function daysFrom(written: string | undefined): number | null | undefined {
  const { least, most } = retentionLimits;
  if (written === undefined) return undefined;
  if (written === 'default' || written === 'ever') return null;
  if (/^[1-9]\d{0,4}$/.test(written) && Number(written) <= most) return Number(written);
  throw new RangeError(
    `Days are a whole number from ${least} to ${most}, "default" for files, or "ever" for readings.`,
  );
}

/**
 * `epack key rotate`: a new key signs the tokens of solutions. Tokens of the old key stay valid until they expire; with
 * `isLeaked` they become invalid at once. Throws a `RangeError` if the key is set in the configuration.
 */
export function rotateTokenKey(config: Config, { isLeaked }: { readonly isLeaked: boolean }): Promise<void> {
  if (config.tokenSecrets !== null) {
    throw new RangeError('The key is EPACK_TOKEN_SECRET: replace it there, see docs/sign-in.md.');
  }
  return withDatabase(config, (db) =>
    inTransaction(db, async ({ db: trx }) => {
      const keys = createServerKeyStore(trx, createSeal(config.secretsKeys));
      await keys.replace(tokenKeyName);
      await keys.removeReplaced(tokenKeyName, isLeaked ? 0 : keyOverlapSeconds(config.tokenMinutes));
      const after = {
        key: tokenKeyName,
        tokensOfTheOldOne: isLeaked ? 'refused' : 'accepted until they expire',
      };
      await createAuditStore(trx).add([auditEntry(commandLineCaller, 'key.rotate', { after })]);
    }),
  );
}

/** An account that does not exist is created. */
async function accountOf(db: Db, name: string): Promise<Account & { readonly isNew: boolean }> {
  const known = await createAccountStore(db).findByName(name);
  if (known !== null) return { ...known, isNew: false };
  return {
    ...(await createAccountService(openStoreAccess(db)).create(commandLineCaller, name)),
    isNew: true,
  };
}

async function accountIdsOf(db: Db, names: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const name of names) {
    const account = await createAccountStore(db).findByName(name.trim());
    if (account === null) throw new Error(`There is no account "${name}".`);
    ids.push(account.id);
  }
  return ids;
}

/** Work on the configured database, or on the embedded one that runs. */
export async function withDatabase<T>(config: Config, work: (db: Db) => Promise<T>): Promise<T> {
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
