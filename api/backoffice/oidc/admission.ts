import { z } from 'zod';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { type Caller, commandLineCaller, type Role, roles } from '../../../shared/domain/staff';
import { signInRefused } from '../../../shared/errors/catalog';
import { newSecret } from '../../../shared/secrets';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { OidcStore } from '../../../shared/stores/staff/oidc-store';
import type { User, UserStore } from '../../../shared/stores/staff/user-store';
import { auditEntry } from '../services/trail';
import type { UserService } from '../services/users';
import type { Person } from './identity-provider';

/** The stores that an admission needs. */
export interface AdmissionStores {
  readonly accounts: Pick<AccountStore, 'idsOfNames'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly oidc: Pick<OidcStore, 'findUserId' | 'link'>;
  readonly users: Pick<UserStore, 'find' | 'findByEmail'>;
}

/** Which people of the provider may sign in, and with which role. */
export interface AdmissionRules {
  /** Role of a person who is no user yet. Null: refused. */
  readonly newUsers: Role | null;
  /** Which value of the claim gives which role, at every sign-in. Null: roles are given here. */
  readonly roles: readonly { readonly value: string; readonly role: Role }[] | null;
  readonly roleClaim: string;
  /** Claim that lists the names of accounts, at every sign-in. Null: accounts are given here. */
  readonly accountClaim: string | null;
}

interface Deps extends StoreAccess<AdmissionStores> {
  readonly users: Pick<UserService, 'create' | 'update'>;
  readonly rules: AdmissionRules;
}

/**
 * The user of a person, created or changed as the rules say. Throws `sign-in-refused`; `last-admin` where the provider
 * takes the role of the last admin away.
 */
export async function admit(deps: Deps, person: Person, address: string): Promise<User> {
  const caller: Caller = { ...commandLineCaller, email: 'identity provider', address };
  const role = roleOf(deps.rules, person);
  const accountIds = await accountsOf(deps, person);
  const user = (await knownUser(deps, person, caller)) ?? (await newUser(deps, person, caller, role));
  if (user.isDisabled) throw signInRefused('unknown');
  const isOther =
    (role !== null && role !== user.role) || (accountIds !== null && !isSame(accountIds, user.accountIds));
  if (!isOther) return user;
  return deps.users.update(caller, user.id, {
    ...(role === null ? {} : { role }),
    ...(accountIds === null ? {} : { accountIds }),
  });
}

/** By its subject; at the first time by its e-mail, if the provider has verified that. Null: nobody here. */
async function knownUser({ transaction }: Deps, person: Person, caller: Caller): Promise<User | null> {
  return transaction(async (stores) => {
    const { oidc, users } = stores;
    const linked = await oidc.findUserId(person.issuer, person.subject);
    if (linked !== null) return users.find(linked);
    if (person.email === null || !person.isEmailVerified) throw signInRefused('unverified');
    const user = await users.findByEmail(person.email);
    if (user !== null) await link(stores, person, user, caller);
    return user;
  });
}

/** An e-mail address that belonged to someone else before must not open that person's account. */
async function link(
  stores: Pick<AdmissionStores, 'audit' | 'oidc'>,
  { issuer, subject }: Person,
  user: User,
  caller: Caller,
): Promise<void> {
  if (user.isDisabled) throw signInRefused('unknown');
  if (!(await stores.oidc.link(issuer, subject, user.id))) throw signInRefused('other-person');
  const after = { email: user.email, issuer, subject };
  await stores.audit.add([auditEntry(caller, 'user.link-identity', { after })]);
}

/** With a password that nobody knows. */
async function newUser(
  { transaction, users, rules }: Deps,
  person: Person,
  caller: Caller,
  role: Role | null,
): Promise<User> {
  const given = role ?? rules.newUsers;
  if (rules.newUsers === null || given === null || person.email === null) throw signInRefused('unknown');
  const input = { email: person.email, password: newSecret(), role: given, accountIds: [] };
  const user = await users.create(caller, input);
  await transaction((stores) => link(stores, person, user, caller));
  return user;
}

/**
 * The highest role in the claim. Null: roles are given in the backoffice. Throws `sign-in-refused` if the claim
 * contains no role.
 */
function roleOf({ roles: mapping, roleClaim }: AdmissionRules, { claims }: Person): Role | null {
  if (mapping === null) return null;
  const values = textsOf(claims[roleClaim]);
  const given = mapping.filter(({ value }) => values.includes(value)).map(({ role }) => role);
  const highest = roles.find((role) => given.includes(role));
  if (highest === undefined) throw signInRefused('no-role');
  return highest;
}

/** Unknown names are ignored. */
async function accountsOf({ stores, rules }: Deps, { claims }: Person): Promise<number[] | null> {
  if (rules.accountClaim === null) return null;
  return stores.accounts.idsOfNames(textsOf(claims[rules.accountClaim]));
}

const texts = z.union([z.array(z.string()), z.string().transform((one) => [one])]).catch([]);

const textsOf = (claim: unknown): string[] => texts.parse(claim);

const isSame = (one: readonly number[], other: readonly number[]) =>
  one.length === other.length && one.every((id) => other.includes(id));
