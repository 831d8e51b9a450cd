import type { Db } from '../../shared/db/database';
import type { Fields } from '../../shared/domain/merge-copy';
import { createConflictService } from '../../api/backoffice/services/conflicts';
import type { ConflictChoice } from '../../shared/domain/settle-conflict';
import { commandLineCaller } from '../../shared/domain/staff';
import { createConflictStore, type Conflict } from '../../shared/stores/parameters/conflict-store';
import { createApprovalStore, type Approval } from '../../shared/stores/parameters/approval-store';
import { createParamStore, type Param, type ParamStore } from '../../shared/stores/parameters/param-store';
import { openStoreAccess } from '../../shared/stores/store-access';
import type { Kitchen } from './kitchen';

type Entities = Pick<Kitchen, 'solutionId' | 'parameterClass'>;

export const by = 'chef@test';

export const keyOf = ({ solutionId, parameterClass }: Entities, id: string) => ({
  solutionId,
  className: parameterClass.name,
  id,
});

export function stored(db: Db, kitchen: Entities, id: string): Promise<Param | null> {
  return createParamStore(db).find(keyOf(kitchen, id));
}

/** Each edit in a transaction of its own, as the service makes it. */
export const paramsOf = (db: Db): Pick<ParamStore, 'put' | 'delete'> => ({
  put: (...edit) => openStoreAccess(db).transaction(({ params }) => params.put(...edit)),
  delete: (...edit) => openStoreAccess(db).transaction(({ params }) => params.delete(...edit)),
});

export async function put(db: Db, kitchen: Entities, id: string, fields: Fields): Promise<Param> {
  const { param } = await paramsOf(db).put(keyOf(kitchen, id), { fields, by, ifVersion: null });
  return param;
}

export async function remove(db: Db, kitchen: Entities, id: string): Promise<void> {
  await paramsOf(db).delete(keyOf(kitchen, id), { by, ifVersion: null });
}

/** All of a solution, the newest first. */
export async function conflictsOf(db: Db, { solutionId }: Entities): Promise<readonly Conflict[]> {
  const filter = { accounts: 'all', solutionId, state: null } as const;
  return (await createConflictStore(db).list(filter, { limit: 50, after: null })).items;
}

/** All of a solution, the newest first. */
export async function approvalsOf(db: Db, { solutionId }: Entities): Promise<readonly Approval[]> {
  const filter = { accounts: 'all', solutionId, state: null } as const;
  return (await createApprovalStore(db).list(filter, { limit: 50, after: null })).items;
}

/** As staff decide it. */
export const decideConflict = (db: Db, id: string | undefined, choice: ConflictChoice): Promise<Conflict> =>
  createConflictService(openStoreAccess(db)).decide({ ...commandLineCaller, email: by }, id ?? '', choice);
