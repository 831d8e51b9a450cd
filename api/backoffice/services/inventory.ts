import type { LogTable } from '../../../shared/catalog/log-tables';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Db } from '../../../shared/db/database';
import type { Page } from '../../../shared/domain/page';
import { pageOf } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import { isEntityId } from '../../../shared/formats/xml-entity';
import {
  type ClassCounts,
  createInventoryStore,
  type TableMark,
} from '../../../shared/stores/solutions/inventory-store';
import { createLogReadStore, type LogRow } from '../../../shared/stores/logs/log-read-store';
import { createParamStore, type Param } from '../../../shared/stores/parameters/param-store';
import { needVisible } from './rights';

export type InventoryService = ReturnType<typeof createInventoryService>;

/** What there is of a solution: its classes, its tables, its latest readings. */
export function createInventoryService({ db }: { readonly db: Db }) {
  const inventory = createInventoryStore(db);

  return {
    /** Throws `not-found`. */
    async classes(caller: Caller, solutionId: number): Promise<ClassCounts[]> {
      await needVisible(db, caller, solutionId);
      return inventory.classes(solutionId);
    },

    /** Throws `not-found`. */
    async tables(caller: Caller, solutionId: number): Promise<TableMark[]> {
      await needVisible(db, caller, solutionId);
      return inventory.tables(solutionId);
    },

    /** The latest readings of a table by `Id`, those before `beforeId`. Throws `not-found`. */
    async latestReadings(
      caller: Caller,
      solutionId: number,
      table: LogTable,
      { limit, after }: { limit: number; after: string | null },
    ): Promise<Page<LogRow>> {
      await needVisible(db, caller, solutionId);
      const rows = await createLogReadStore(db).latest(table, solutionId, after, limit + 1);
      return pageOf(rows, limit, (last) => last.id);
    },

    /** One parameter, deleted or not. Throws `not-found`. */
    async param(caller: Caller, solutionId: number, { name }: ParameterClass, id: string): Promise<Param> {
      await needVisible(db, caller, solutionId);
      const param = isEntityId(id)
        ? await createParamStore(db).find({ solutionId, className: name, id })
        : null;
      if (param === null) throw notFound('parameter');
      return param;
    },
  };
}
