import { type Db, inTransaction } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { type Caller, isAdmin, sees } from '../../../shared/domain/staff';
import { alreadyExists, invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import { hashSecret, newSecret } from '../../../shared/secrets';
import { createAccountStore } from '../../../shared/stores/solutions/account-store';
import { createAlertStore } from '../../../shared/stores/alerts/alert-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createLogFindingStore, type LogFinding } from '../../../shared/stores/logs/log-finding-store';
import { createFlagStore, type SetFlag } from '../../../shared/stores/solutions/flag-store';
import {
  type AdminSolution,
  createSolutionAdminStore,
  type SolutionChanges,
  type SolutionFilter,
} from '../../../shared/stores/solutions/solution-admin-store';
import type { Confirmation, LoginPolicy } from '../../../shared/domain/solution-settings';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import { solutionProblems, type SolutionText, trimmed } from '../../../shared/domain/staff-input';
import { revisionOf } from '../../../shared/formats/revision';
import { lockVisible, needEditor } from './rights';
import { auditEntry } from './trail';

export interface SolutionInput {
  readonly mail: string;
  readonly name: string;
  /** Null: the caller's only account; an admin's falls to the account `Default`. */
  readonly accountId: number | null;
  readonly loginPolicy: LoginPolicy;
  readonly confirmation: Confirmation;
  readonly timezone: string;
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
  /** Of the settings that staff can change: another one after each change of them. */
  readonly revision: string;
}

const defaultAccountName = 'Default';

export type SolutionService = ReturnType<typeof createSolutionService>;

interface Deps {
  readonly db: Db;
  /** Told of each committed change before the caller is: this process then lets in by it. A command has none. */
  readonly forgetAccess?: (solutionId: number) => void;
}

export function createSolutionService({ db, forgetAccess }: Deps) {
  return {
    async list(
      caller: Caller,
      filter: SolutionFilter,
      page: PageRequest<number>,
    ): Promise<Page<ListedSolution>> {
      const listed = await createSolutionAdminStore(db).list(caller.accounts, filter, page);
      return { ...listed, items: await withAlerts(db, listed.items) };
    },

    /** Throws `not-found`. */
    async get(caller: Caller, id: number): Promise<SolutionDetail> {
      return detailed(db, await found(db, caller, id));
    },

    /** Throws `forbidden`, `invalid-fields`, `already-exists`. */
    async create(caller: Caller, written: SolutionInput): Promise<EnrolledSolution> {
      needEditor(caller);
      const input = soundSolution(written);
      const secret = newSecret();
      return inTransaction(db, async ({ db: trx }) => {
        const accountId = await accountFor(trx, caller, input.accountId);
        const solution = { ...input, accountId, secretHash: hashSecret(secret) };
        const id = await createSolutionAdminStore(trx).insert(solution);
        if (id === null) throw await mailTaken(trx, caller, input.mail);
        const entry = auditEntry(caller, 'solution.create', {
          solutionId: id,
          after: { ...input, accountId },
        });
        await createAuditStore(trx).add([entry]);
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
      const changes = soundSolution(written);
      const changed = await inTransaction(db, async ({ db: trx }) => {
        await lockVisible(trx, caller, id);
        needEditor(caller);
        const before = await found(trx, caller, id);
        if (ifRevision !== null && ifRevision !== settingsRevision(before))
          throw staleVersion(settingsRevision(before));
        if (changes.accountId !== undefined) await accountFor(trx, caller, changes.accountId);
        const isWritten = await createSolutionAdminStore(trx).update(id, changes);
        if (!isWritten) throw await mailTaken(trx, caller, changes.mail ?? '');
        const after = await found(trx, caller, id);
        if (needsNoProof(after) && !needsNoProof(before)) throw invalidFields([policyWithoutProof(written)]);
        const deed = { solutionId: id, before: settingsOf(before), after: settingsOf(after) };
        await createAuditStore(trx).add([auditEntry(caller, 'solution.update', deed)]);
        return detailed(trx, after);
      });
      forgetAccess?.(id);
      return changed;
    },

    /**
     * Nobody sees it or signs in as it any more. What it sent is kept until `epack solution purge` removes it.
     * Throws `not-found`, `forbidden`.
     */
    async retire(caller: Caller, id: number): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        await lockVisible(trx, caller, id);
        needEditor(caller);
        const before = await found(trx, caller, id);
        await createSolutionAdminStore(trx).retire(id);
        const deed = { solutionId: id, before: settingsOf(before) };
        await createAuditStore(trx).add([auditEntry(caller, 'solution.retire', deed)]);
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
      const replaced = await inTransaction(db, async ({ db: trx }) => {
        await lockVisible(trx, caller, id);
        needEditor(caller);
        const { mail } = await found(trx, caller, id);
        const solutions = createSolutionAdminStore(trx);
        if (isLeaked) await solutions.replaceLeakedSecret(id, hashSecret(secret));
        else await solutions.replaceSecret(id, hashSecret(secret));
        const after = { secret: 'changed', ...(isLeaked ? { leaked: true, tokens: 'ended' } : {}) };
        await createAuditStore(trx).add([
          auditEntry(caller, 'solution.replace-secret', { solutionId: id, after }),
        ]);
        return { id, mail, secret };
      });
      forgetAccess?.(id);
      return replaced;
    },
  };
}

/** Without the blanks around what was written. Throws `invalid-fields`. */
export function soundSolution<T extends SolutionText>(written: T): T {
  const input = trimmed(written);
  const problems = solutionProblems(input);
  if (problems.length > 0) throw invalidFields(problems);
  return input;
}

/** It would sign in by its mail alone, which is no secret. */
const needsNoProof = ({ loginPolicy, mac }: AdminSolution) => loginPolicy === 'mac' && mac === 'ignore';

const policyWithoutProof = ({ mac }: SolutionChanges): FieldProblem => ({
  field: mac === undefined ? 'loginPolicy' : 'mac',
  fault: { code: 'no-proof-left' },
});

/** Whose the mail is, is told to those alone who see that solution: it is another customer's otherwise. */
async function mailTaken(db: Db, caller: Caller, mail: string): Promise<Error> {
  const isSeen = await createSolutionAdminStore(db).isMailVisible(caller.accounts, mail);
  return isSeen
    ? alreadyExists('solution')
    : invalidFields([{ field: 'mail', fault: { code: 'not-to-be-had' } }]);
}

async function found(db: Db, caller: Caller, id: number): Promise<AdminSolution> {
  const solution = await createSolutionAdminStore(db).find(caller.accounts, id);
  if (solution === null) throw notFound('solution');
  return solution;
}

async function detailed(db: Db, solution: AdminSolution): Promise<SolutionDetail> {
  const [listed] = await withAlerts(db, [solution]);
  const flags = await createFlagStore(db).listOfSolution(solution.id);
  const findings = await createLogFindingStore(db).list(solution.id);
  return {
    ...solution,
    openAlerts: listed?.openAlerts ?? 0,
    flags,
    findings,
    revision: settingsRevision(solution),
  };
}

async function withAlerts(db: Db, solutions: readonly AdminSolution[]): Promise<ListedSolution[]> {
  const counts = await createAlertStore(db).countOpen(solutions.map(({ id }) => id));
  return solutions.map((solution) => ({ ...solution, openAlerts: counts.get(solution.id) ?? 0 }));
}

async function accountFor(db: Db, caller: Caller, wanted: number | null): Promise<number> {
  const accounts = createAccountStore(db);
  if (wanted !== null) {
    const exists = sees(caller, wanted) && (await accounts.existing([wanted])).length === 1;
    if (!exists)
      throw invalidFields([{ field: 'account', fault: { code: 'no-such-account', account: wanted } }]);
    return wanted;
  }
  if (isAdmin(caller)) return defaultAccount(db);
  const [only, ...others] = caller.accounts === 'all' ? [] : caller.accounts;
  if (only === undefined || others.length > 0) {
    throw invalidFields([{ field: 'account', fault: { code: 'account-needed' } }]);
  }
  return only;
}

async function defaultAccount(db: Db): Promise<number> {
  const accounts = createAccountStore(db);
  const account =
    (await accounts.insert(defaultAccountName)) ?? (await accounts.findByName(defaultAccountName));
  if (account === null) throw new Error('the default account is neither new nor old');
  return account.id;
}

/** What staff can change: what the audit trail shows before and after. */
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
