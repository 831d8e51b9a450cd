import type { Db } from '../../db/database';
import { maxFailures } from '../../domain/failed-instruction';

/** Counts of the manager's entities of one parameter class of one solution. */
export interface ClassCounts {
  readonly className: string;
  /** Entities that are not deleted. */
  readonly active: number;
  /** Entities that the solution must still be told about. */
  readonly due: number;
  /** In a conflict or an approval. */
  readonly held: number;
  /** Entities that failed on the solution so often that they are no longer sent. */
  readonly parked: number;
}

/** How far one log table of one solution has come. */
export interface TableMark {
  /** As in PostgreSQL, e.g. `tbfridge`. */
  readonly table: string;
  readonly highestId: string;
}

/** An instruction that the solution could not carry out. */
export interface FailedEntity {
  readonly className: string;
  readonly id: string;
  /** The entity's name or label, where it has one. */
  readonly label: string | null;
  readonly failures: number;
  readonly reason: string | null;
}

/** An entity that was deleted on both sides and has come back with other content. */
export interface ReturnedEntity {
  readonly className: string;
  readonly id: string;
  readonly label: string | null;
  readonly at: Date;
}

/** An entity's name or label, whatever its class calls it. */
const labelOf = `coalesce(fields ->> 'Name', fields ->> 'Label', fields ->> 'Key', fields ->> 'Surface',
  fields ->> 'Subject')`;

export type InventoryStore = ReturnType<typeof createInventoryStore>;

/** An overview of what is stored for a solution, without reading the data itself. */
export function createInventoryStore(db: Db) {
  return {
    async classes(solutionId: number): Promise<ClassCounts[]> {
      const result = await db.raw<{ rows: ClassCounts[] }>(
        `select class as "className", count(*) filter (where is_active)::int as active,
           count(*) filter (where due)::int as due, count(*) filter (where held)::int as held,
           count(*) filter (where failures >= :maxFailures)::int as parked
         from param where solution_id = :solutionId group by class order by class`,
        { solutionId, maxFailures },
      );
      return result.rows;
    },

    async tables(solutionId: number): Promise<TableMark[]> {
      const result = await db.raw<{ rows: TableMark[] }>(
        `select lower(table_name) as "table", highest_id as "highestId" from log_mark
         where solution_id = :solutionId order by table_name`,
        { solutionId },
      );
      return result.rows;
    },

    /** Entities that were deleted and that the solution brought back within the last week, the latest first. */
    async returnedEntities(solutionId: number): Promise<ReturnedEntity[]> {
      const result = await db.raw<{ rows: ReturnedEntity[] }>(
        `select class as "className", id, ${labelOf} as label, returned_at as "at"
         from param where solution_id = :solutionId and is_active and returned_at > now() - interval '7 days'
         order by returned_at desc, class, id limit 100`,
        { solutionId },
      );
      return result.rows;
    },

    /** Ordered by the number of failures, the highest first. */
    async failedEntities(solutionId: number, limit: number): Promise<FailedEntity[]> {
      const result = await db.raw<{ rows: FailedEntity[] }>(
        `select class as "className", id, ${labelOf} as label, failures, failure_reason as reason
         from param where solution_id = :solutionId and failures > 0 order by failures desc, class, id limit :limit`,
        { solutionId, limit },
      );
      return result.rows;
    },
  };
}
