import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { AuditAction } from '../../../shared/domain/audit-action';
import type { Caller } from '../../../shared/domain/staff';
import { editedBySolution, invalidFields, newerCopyWaits, notFound } from '../../../shared/errors/catalog';
import { validateFields } from '../../../shared/formats/parameter-values';
import { isEntityId } from '../../../shared/formats/xml-entity';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type {
  Param,
  ParamKey,
  ParamStore,
  ParamVersion,
} from '../../../shared/stores/parameters/param-store';
import type { NewestCopyStore } from '../../../shared/stores/syncs/newest-copy-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly newestCopies: Pick<NewestCopyStore, 'ofEntity'>;
  readonly params: ParamStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export interface EntityKey {
  readonly solutionId: number;
  readonly parameterClass: ParameterClass;
  readonly id: string;
}

export type ParamService = ReturnType<typeof createParamService>;

/** The manager's copies of a solution's parameters. An edit reaches the solution with its next package. */
export function createParamService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      { solutionId, parameterClass }: Omit<EntityKey, 'id'>,
      page: PageRequest<string>,
    ): Promise<Page<Param>> {
      await needVisible(stores, caller, solutionId);
      return stores.params.list({ solutionId, className: parameterClass.name }, page);
    },

    /** Throws `not-found`. */
    async get(caller: Caller, key: EntityKey): Promise<Param> {
      await needVisible(stores, caller, key.solutionId);
      const param = isEntityId(key.id) ? await stores.params.find(storeKey(key)) : null;
      if (param === null) throw notFound('parameter');
      return param;
    },

    /**
     * Inserts or changes an entity; fields that are not named stay. `ifVersion`: the one that the edit is based on.
     * Throws `not-found`, `forbidden`, `invalid-fields`, `stale`, `newer-copy-waits`.
     */
    async put(
      caller: Caller,
      key: EntityKey,
      given: Readonly<Record<string, unknown>>,
      ifVersion: number | null,
    ): Promise<{ param: Param; isNew: boolean }> {
      return transaction(async (stores) => {
        await needEditable(stores, caller, key);
        if (!isEntityId(key.id)) throw invalidFields([{ field: 'Id', fault: { code: 'not-an-id' } }]);
        const fields = validated(key.parameterClass, given);
        await needNoNewerCopy(stores, key);
        const { params } = stores;
        const before = await params.find(storeKey(key));
        const written = await params.put(storeKey(key), { fields, by: caller.email, ifVersion });
        await tell(stores, caller, 'param.put', { key, before, after: written.param });
        return written;
      });
    },

    /** Throws `not-found`, `forbidden`, `stale`, `newer-copy-waits`. */
    async delete(caller: Caller, key: EntityKey, ifVersion: number | null): Promise<void> {
      await transaction(async (stores) => {
        await needEditable(stores, caller, key);
        const { params } = stores;
        const before = isEntityId(key.id) ? await params.find(storeKey(key)) : null;
        if (before === null) throw notFound('parameter');
        await needNoNewerCopy(stores, key);
        const deleted = await params.delete(storeKey(key), { by: caller.email, ifVersion });
        await tell(stores, caller, 'param.delete', { key, before, after: deleted });
      });
    },

    /** Throws `not-found`. */
    async history(caller: Caller, key: EntityKey, page: PageRequest<number>): Promise<Page<ParamVersion>> {
      await needVisible(stores, caller, key.solutionId);
      const { params } = stores;
      const param = isEntityId(key.id) ? await params.find(storeKey(key)) : null;
      if (param === null) throw notFound('parameter');
      return params.history(storeKey(key), page);
    },
  };
}

async function needEditable(
  stores: Stores,
  caller: Caller,
  { solutionId, parameterClass }: EntityKey,
): Promise<void> {
  await needVisible(stores, caller, solutionId);
  needEditor(caller);
  if (parameterClass.direction === 'solution') throw editedBySolution(parameterClass.name);
}

/** A newer copy in quarantine is what the kitchen last meant, so it must not be overwritten unseen. */
async function needNoNewerCopy(stores: Stores, key: EntityKey): Promise<void> {
  const quarantined = await stores.newestCopies.ofEntity(storeKey(key));
  if (quarantined !== null) throw newerCopyWaits(quarantined);
}

function validated(parameterClass: ParameterClass, given: Readonly<Record<string, unknown>>) {
  const { fields, problems } = validateFields(parameterClass, given);
  if (problems.length > 0) throw invalidFields(problems);
  return fields;
}

async function tell(
  stores: Stores,
  caller: Caller,
  action: AuditAction,
  { key, before, after }: { key: EntityKey; before: Param | null; after: Param },
): Promise<void> {
  const { solutionId, parameterClass, id } = key;
  const auditedFields = (param: Param) => ({
    class: parameterClass.name,
    id,
    version: param.version,
    isActive: param.isActive,
    fields: param.fields,
  });
  const deed = {
    solutionId,
    before: before === null ? null : auditedFields(before),
    after: auditedFields(after),
  };
  await stores.audit.add([auditEntry(caller, action, deed)]);
}

const storeKey = ({ solutionId, parameterClass, id }: EntityKey): ParamKey => ({
  solutionId,
  className: parameterClass.name,
  id,
});
