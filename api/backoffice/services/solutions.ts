import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { type Caller, isAdmin, sees } from '../../../shared/domain/staff';
import { alreadyExists, invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import { hashSecret, newSecret } from '../../../shared/secrets';
import type { AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AlertStore } from '../../../shared/stores/alerts/alert-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { LogFinding, LogFindingStore } from '../../../shared/stores/logs/log-finding-store';
import type { FlagStore, SetFlag } from '../../../shared/stores/solutions/flag-store';
import type {
  AdminSolution,
  NewSolution,
  SolutionAdminStore,
  SolutionChanges,
  SolutionFilter,
} from '../../../shared/stores/solutions/solution-admin-store';
import type { StatusStore } from '../../../shared/stores/syncs/status-store';
import type { Confirmation, LoginPolicy } from '../../../shared/domain/solution-settings';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import { solutionProblems, type SolutionText, trimmed } from '../../../shared/domain/staff-input';
import { revisionOf } from '../../../shared/formats/revision';
import { lockVisible, needEditor } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly accounts: Pick<AccountStore, 'existing' | 'insert' | 'findByName'>;
  readonly alerts: Pick<AlertStore, 'countOpen' | 'silence'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly flags: Pick<FlagStore, 'listOfSolution'>;
  readonly logFindings: LogFindingStore;
  readonly solutionAdmin: Pick<
    SolutionAdminStore,
    | 'list'
    | 'insert'
    | 'update'
    | 'retire'
    | 'replaceLeakedSecret'
    | 'replaceSecret'
    | 'isMailVisible'
    | 'find'
    | 'lock'
  >;
  readonly statuses: Pick<StatusStore, 'begin'>;
}

export interface SolutionInput {
  readonly mail: string;
  readonly name: string;
  /** Null: the caller's only account. For an admin, the account `Default`. */
  readonly accountId: number | null;
  readonly loginPolicy: LoginPolicy;
  readonly confirmation: Confirmation;
  readonly timezone: string;
  /** `ignore`: it may come with any MAC. Absent: the first login binds the one that it comes with. */
  readonly mac?: 'ignore' | null | undefined;
}

/** The only time a secret is shown. */
export interface EnrolledSolution {
  readonly id: number;
  readonly mail: string;
  readonly secret: string;
}

/** With the number of its open alerts. */
export interface ListedSolution extends AdminSolution {
  readonly openAlerts: number;
}

export interface SolutionDetail extends ListedSolution {
  readonly flags: readonly SetFlag[];
  readonly findings: readonly LogFinding[];
  /** The proof that it sends with its e-mail address when it signs in. A MAC address is not a secret. */
  readonly proof: 'secret' | 'mac' | 'nothing';
  /** The revision of the settings that staff can change. Each change gives a new one. */
  readonly revision: string;
}

const defaultAccountName = 'Default';

export type SolutionService = ReturnType<typeof createSolutionService>;

interface Deps extends StoreAccess<Stores> {
  /**
   * Called after each committed change and before the answer, so that this process uses the new rights. A command has
   * none.
   */
  readonly forgetAccess?: (solutionId: number) => void;
}

export function createSolutionService({ stores, transaction, forgetAccess }: Deps) {
  return {
    async list(
      caller: Caller,
      filter: SolutionFilter,
      page: PageRequest<number>,
    ): Promise<Page<ListedSolution>> {
      const listed = await stores.solutionAdmin.list(caller.accounts, filter, page);
      return { ...listed, items: await withAlerts(stores, listed.items) };
    },

    /** Throws `not-found`. */
    async get(caller: Caller, id: number): Promise<SolutionDetail> {
      return detailed(stores, await found(stores, caller, id));
    },

    /** Throws `forbidden`, `invalid-fields`, `already-exists`. */
    async create(caller: Caller, written: SolutionInput): Promise<EnrolledSolution> {
      needEditor(caller);
      const input = { ...checkedSolution(written), mac: written.mac ?? null };
      needSomeProof(input);
      const secret = newSecret();
      return transaction(async (stores) => {
        const accountId = await accountFor(stores, caller, input.accountId);
        const solution = { ...input, accountId, secretHash: hashSecret(secret) };
        const id = await stores.solutionAdmin.insert(solution);
        if (id === null) throw await mailTaken(stores, caller, input.mail);
        await stores.statuses.begin(id);
        const entry = auditEntry(caller, 'solution.create', {
          solutionId: id,
          after: { ...input, accountId },
        });
        await stores.audit.add([entry]);
        return { id, mail: input.mail, secret };
      });
    },

    /** `ifRevision`: the one that the edit is based on; null: whichever it is. Throws `not-found`, `forbidden`, `stale`, `invalid-fields`, `already-exists`. */
    async update(
      caller: Caller,
      id: number,
      written: SolutionChanges,
      ifRevision: string | null = null,
    ): Promise<SolutionDetail> {
      const changes = checkedSolution(written);
      const changed = await transaction(async (stores) => {
        await lockVisible(stores, caller, id);
        needEditor(caller);
        const before = await found(stores, caller, id);
        if (ifRevision !== null && ifRevision !== settingsRevision(before))
          throw staleVersion(settingsRevision(before));
        if (changes.accountId !== undefined) await accountFor(stores, caller, changes.accountId);
        const isWritten = await stores.solutionAdmin.update(id, changes);
        if (!isWritten) throw await mailTaken(stores, caller, changes.mail ?? '');
        const after = await found(stores, caller, id);
        if (needsNoProof(after) && !needsNoProof(before)) throw invalidFields([policyWithoutProof(written)]);
        const deed = { solutionId: id, before: settingsOf(before), after: settingsOf(after) };
        await stores.audit.add([auditEntry(caller, 'solution.update', deed)]);
        return detailed(stores, after);
      });
      forgetAccess?.(id);
      return changed;
    },

    /**
     * Hides the solution and ends its access. Its data is kept until `epack solution purge` removes it. Throws
     * `not-found`, `forbidden`.
     */
    async retire(caller: Caller, id: number): Promise<void> {
      await transaction(async (stores) => {
        await lockVisible(stores, caller, id);
        needEditor(caller);
        const before = await found(stores, caller, id);
        await stores.solutionAdmin.retire(id);
        await stores.alerts.silence(id);
        const deed = { solutionId: id, before: settingsOf(before) };
        await stores.audit.add([auditEntry(caller, 'solution.retire', deed)]);
      });
      forgetAccess?.(id);
    },

    /**
     * The old secret keeps working until the new one is first used, 24 h at most; where it `isLeaked`, it and all tokens
     * that were given end at once. Throws `not-found`, `forbidden`.
     */
    async replaceSecret(
      caller: Caller,
      id: number,
      { isLeaked }: { readonly isLeaked: boolean } = { isLeaked: false },
    ): Promise<EnrolledSolution> {
      const secret = newSecret();
      const replaced = await transaction(async (stores) => {
        await lockVisible(stores, caller, id);
        needEditor(caller);
        const { mail } = await found(stores, caller, id);
        const { solutionAdmin } = stores;
        if (isLeaked) await solutionAdmin.replaceLeakedSecret(id, hashSecret(secret));
        else await solutionAdmin.replaceSecret(id, hashSecret(secret));
        const after = { secret: 'changed', ...(isLeaked ? { leaked: true, tokens: 'ended' } : {}) };
        await stores.audit.add([auditEntry(caller, 'solution.replace-secret', { solutionId: id, after })]);
        return { id, mail, secret };
      });
      forgetAccess?.(id);
      return replaced;
    },
  };
}

/** Without the blanks around what was written. Throws `invalid-fields`. */
export function checkedSolution<T extends SolutionText>(written: T): T {
  const input = trimmed(written);
  const problems = solutionProblems(input);
  if (problems.length > 0) throw invalidFields(problems);
  return input;
}

/** It would sign in by its mail alone, which is no secret. */
/** Throws `invalid-fields`: with the policy `mac`, and any MAC, its mail alone would sign it in. */
export function needSomeProof(solution: SignInSettings): void {
  if (needsNoProof(solution)) throw invalidFields([policyWithoutProof(solution)]);
}

type SignInSettings = Pick<NewSolution, 'loginPolicy' | 'mac'>;

const needsNoProof = (solution: Pick<AdminSolution, 'loginPolicy' | 'mac'>) =>
  proofOf(solution) === 'nothing';

/** The proof that a solution sends with its e-mail address. */
function proofOf({ loginPolicy, mac }: Pick<AdminSolution, 'loginPolicy' | 'mac'>): SolutionDetail['proof'] {
  if (loginPolicy === 'secret') return 'secret';
  return mac === 'ignore' ? 'nothing' : 'mac';
}

const policyWithoutProof = ({ mac }: Pick<SolutionChanges, 'mac'>): FieldProblem => ({
  field: mac === undefined ? 'loginPolicy' : 'mac',
  fault: { code: 'no-proof-left' },
});

/**
 * Only callers who see the other solution learn that it has this e-mail address, because it may belong to another
 * customer.
 */
async function mailTaken(stores: Stores, caller: Caller, mail: string): Promise<Error> {
  const isSeen = await stores.solutionAdmin.isMailVisible(caller.accounts, mail);
  return isSeen
    ? alreadyExists('solution')
    : invalidFields([{ field: 'mail', fault: { code: 'not-to-be-had' } }]);
}

async function found(stores: Stores, caller: Caller, id: number): Promise<AdminSolution> {
  const solution = await stores.solutionAdmin.find(caller.accounts, id);
  if (solution === null) throw notFound('solution');
  return solution;
}

async function detailed(stores: Stores, solution: AdminSolution): Promise<SolutionDetail> {
  const [listed] = await withAlerts(stores, [solution]);
  const flags = await stores.flags.listOfSolution(solution.id);
  const findings = await stores.logFindings.list(solution.id);
  return {
    ...solution,
    openAlerts: listed?.openAlerts ?? 0,
    flags,
    findings,
    proof: proofOf(solution),
    revision: settingsRevision(solution),
  };
}

async function withAlerts(stores: Stores, solutions: readonly AdminSolution[]): Promise<ListedSolution[]> {
  const counts = await stores.alerts.countOpen(solutions.map(({ id }) => id));
  return solutions.map((solution) => ({ ...solution, openAlerts: counts.get(solution.id) ?? 0 }));
}

async function accountFor(stores: Stores, caller: Caller, wanted: number | null): Promise<number> {
  const { accounts } = stores;
  if (wanted !== null) {
    const exists = sees(caller, wanted) && (await accounts.existing([wanted])).length === 1;
    if (!exists)
      throw invalidFields([{ field: 'account', fault: { code: 'no-such-account', account: wanted } }]);
    return wanted;
  }
  if (isAdmin(caller)) return defaultAccount(stores);
  const [only, ...others] = caller.accounts === 'all' ? [] : caller.accounts;
  if (only === undefined || others.length > 0) {
    throw invalidFields([{ field: 'account', fault: { code: 'account-needed' } }]);
  }
  return only;
}

async function defaultAccount({ accounts }: Stores): Promise<number> {
  const account =
    (await accounts.insert(defaultAccountName)) ?? (await accounts.findByName(defaultAccountName));
  if (account === null) throw new Error('the default account is neither new nor old');
  return account.id;
}

/** The settings that staff can change. The audit trail shows them before and after. */
const settingsOf = (solution: AdminSolution) => ({
  mail: solution.mail,
  account: solution.account.name,
  name: solution.name,
  blocked: solution.blockedAt !== null,
  locked: solution.lockedAt !== null,
  mac: solution.mac,
  loginPolicy: solution.loginPolicy,
  confirmation: solution.confirmation,
  timezone: solution.timezone,
});

const settingsRevision = (solution: AdminSolution) => revisionOf(settingsOf(solution));
