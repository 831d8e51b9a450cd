import { findParameterClass } from '../../../shared/catalog/parameter-classes';
import { type Db, inTransaction } from '../../../shared/db/database';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Side } from '../../../shared/domain/merge';
import { type ConflictChoice, settledCopy } from '../../../shared/domain/settle-conflict';
import type { Caller } from '../../../shared/domain/staff';
import { invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import { validateFields } from '../../../shared/formats/parameter-values';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import {
  type Conflict,
  type ConflictFilter,
  createConflictStore,
} from '../../../shared/stores/parameters/conflict-store';
import { createSolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

/** Whose values win, or new values, not validated yet. */
export type GivenChoice = Side | { readonly fields: Readonly<Record<string, unknown>> };

export type ConflictService = ReturnType<typeof createConflictService>;

export function createConflictService({ db }: { readonly db: Db }) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<ConflictFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<Conflict>> {
      if (filter.solutionId !== null) await needVisible(db, caller, filter.solutionId);
      return createConflictStore(db).list({ ...filter, accounts: caller.accounts }, page);
    },

    /**
     * `ifRevision`: of the copies that the decision is based on; null: whichever they are.
     * Throws `not-found`, `forbidden`, `stale`, `invalid-fields`, `already-decided`.
     */
    async decide(
      caller: Caller,
      id: string,
      given: GivenChoice,
      ifRevision: string | null = null,
    ): Promise<Conflict> {
      return inTransaction(db, async ({ db: trx }) => {
        const conflicts = createConflictStore(trx);
        await conflicts.lock(id);
        const before = await found(trx, caller, id);
        needEditor(caller);
        checkRevision(before, ifRevision);
        const choice = validated(before, given);
        const sides = await conflicts.sides(id);
        const decided = await conflicts.settle(id, sides, {
          settled: settledCopy(sides, choice),
          resolution: typeof choice === 'string' ? choice : 'fields',
          by: caller.email,
        });
        const deed = {
          solutionId: before.solutionId,
          before: toldOf(before),
          after: { choice, ...toldOf(decided) },
        };
        await createAuditStore(trx).add([auditEntry(caller, 'conflict.decide', deed)]);
        return decided;
      });
    },
  };
}

/** Of one that is no longer open something else is said. */
function checkRevision({ state, revision }: Conflict, ifRevision: string | null): void {
  if (ifRevision !== null && state === 'open' && ifRevision !== revision) throw staleVersion(revision);
}

async function found(db: Db, caller: Caller, id: string): Promise<Conflict> {
  const conflict = await createConflictStore(db).find(id);
  const isVisible =
    conflict !== null && (await createSolutionAdminStore(db).isVisible(caller.accounts, conflict.solutionId));
  if (!isVisible) throw notFound('conflict');
  return conflict;
}

function validated({ className }: Conflict, given: GivenChoice): ConflictChoice {
  if (typeof given === 'string') return given;
  const parameterClass = findParameterClass(className);
  if (parameterClass === undefined)
    throw invalidFields([{ field: 'choice', fault: { code: 'no-such-class', className } }]);
  const { fields, problems } = validateFields(parameterClass, given.fields);
  if (problems.length > 0) throw invalidFields(problems);
  return { fields };
}

const toldOf = ({ id, className, entityId, state, manager, solution }: Conflict) => ({
  id,
  class: className,
  entity: entityId,
  state,
  manager,
  solution,
});
