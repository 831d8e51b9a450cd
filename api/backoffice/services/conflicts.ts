import { findParameterClass } from '../../../shared/catalog/parameter-classes';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Side } from '../../../shared/domain/merge';
import { type ConflictChoice, settledCopy } from '../../../shared/domain/settle-conflict';
import type { Caller } from '../../../shared/domain/staff';
import { invalidFields, notFound, staleVersion } from '../../../shared/errors/catalog';
import { validateFields } from '../../../shared/formats/parameter-values';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type {
  Conflict,
  ConflictFilter,
  ConflictStore,
} from '../../../shared/stores/parameters/conflict-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly conflicts: ConflictStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

/** The side whose values win, or new values that are not validated yet. */
export type GivenChoice = Side | { readonly fields: Readonly<Record<string, unknown>> };

export type ConflictService = ReturnType<typeof createConflictService>;

export function createConflictService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<ConflictFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<Conflict>> {
      if (filter.solutionId !== null) await needVisible(stores, caller, filter.solutionId);
      return stores.conflicts.list({ ...filter, accounts: caller.accounts }, page);
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
      return transaction(async (stores) => {
        const { conflicts } = stores;
        await conflicts.lock(id);
        const before = await found(stores, caller, id);
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
          before: auditedConflict(before),
          after: { choice, ...auditedConflict(decided) },
        };
        await stores.audit.add([auditEntry(caller, 'conflict.decide', deed)]);
        return decided;
      });
    },
  };
}

/** A conflict that is already decided is refused for that reason, whatever its revision. */
function checkRevision({ state, revision }: Conflict, ifRevision: string | null): void {
  if (ifRevision !== null && state === 'open' && ifRevision !== revision) throw staleVersion(revision);
}

async function found(stores: Stores, caller: Caller, id: string): Promise<Conflict> {
  const conflict = await stores.conflicts.find(id);
  const isVisible =
    conflict !== null && (await stores.solutionAdmin.isVisible(caller.accounts, conflict.solutionId));
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

const auditedConflict = ({ id, className, entityId, state, manager, solution }: Conflict) => ({
  id,
  class: className,
  entity: entityId,
  state,
  manager,
  solution,
});
