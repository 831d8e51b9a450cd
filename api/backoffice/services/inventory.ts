import type { LogTable } from '../../../shared/catalog/log-tables';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Page } from '../../../shared/domain/page';
import { pageOf } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import { isEntityId } from '../../../shared/formats/xml-entity';
import type {
  ClassCounts,
  InventoryStore,
  TableMark,
} from '../../../shared/stores/solutions/inventory-store';
import type { LogReadStore, LogRow } from '../../../shared/stores/logs/log-read-store';
import type { Param, ParamStore } from '../../../shared/stores/parameters/param-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needVisible } from './rights';

interface Stores {
  readonly inventory: Pick<InventoryStore, 'classes' | 'tables'>;
  readonly logReadings: Pick<LogReadStore, 'latest'>;
  readonly params: Pick<ParamStore, 'find'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export type InventoryService = ReturnType<typeof createInventoryService>;

/** The data of a solution: its classes, its tables and its latest readings. */
export function createInventoryService({ stores }: { readonly stores: Stores }) {
  return {
    /** Throws `not-found`. */
    async classes(caller: Caller, solutionId: number): Promise<ClassCounts[]> {
      await needVisible(stores, caller, solutionId);
      return stores.inventory.classes(solutionId);
    },

    /** Throws `not-found`. */
    async tables(caller: Caller, solutionId: number): Promise<TableMark[]> {
      await needVisible(stores, caller, solutionId);
      return stores.inventory.tables(solutionId);
    },

    /** The latest readings of a table by `Id`, those before `beforeId`. Throws `not-found`. */
    async latestReadings(
      caller: Caller,
      solutionId: number,
      table: LogTable,
      { limit, after }: { limit: number; after: string | null },
    ): Promise<Page<LogRow>> {
      await needVisible(stores, caller, solutionId);
      const rows = await stores.logReadings.latest(table, solutionId, after, limit + 1);
      return pageOf(rows, limit, (last) => last.id);
    },

    /** One parameter, deleted or not. Throws `not-found`. */
    async param(caller: Caller, solutionId: number, { name }: ParameterClass, id: string): Promise<Param> {
      await needVisible(stores, caller, solutionId);
      const param = isEntityId(id) ? await stores.params.find({ solutionId, className: name, id }) : null;
      if (param === null) throw notFound('parameter');
      return param;
    },
  };
}
