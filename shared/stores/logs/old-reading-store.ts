import type { Db } from '../../db/database';

/** Readings that have been kept long enough. They are deleted in batches. */
export function createOldReadingStore(db: Db) {
  return {
    /** The log tables that a solution ever sent anything of. */
    async logTablesOf(solutionId: number): Promise<string[]> {
      const rows = await db<{ solution_id: number; table_name: string }>('log_mark')
        .where({ solution_id: solutionId })
        .select('table_name');
      return rows.map((row) => row.table_name);
    },

    /**
     * Deletes readings that are older than this many days, the lowest ids first, and stops when only younger ones
     * follow. The cost grows with the deleted rows, not with the stored ones. Returns the number of deleted rows.
     */
    async deleteOldReadings(table: string, solutionId: number, days: number): Promise<number> {
      let total = 0;
      for (let after: string | null = null; ;) {
        const batch = await deleteSomeOld(table, solutionId, days, after);
        total += batch.deleted;
        after = batch.last;
        if (batch.read < batchRows || (batch.deleted === 0 && batch.young > 0)) return total;
      }
    },
  };

  async function deleteSomeOld(
    table: string,
    solutionId: number,
    days: number,
    after: string | null,
  ): Promise<Batch> {
    const result = await db.raw<{ rows: Batch[] }>(
      `with batch as (
         select id, ${keptFrom} < now() - make_interval(days => :days) as is_old from :table:
         where solution_id = :solutionId and (cast(:after as bigint) is null or id > :after) order by id limit ${batchRows}
       ), gone as (
         delete from :table: t using batch where t.solution_id = :solutionId and t.id = batch.id and batch.is_old
         returning t.id
       ), noted as (
         update log_mark set removed = removed + coalesce(
           (select range_agg(int8range(id, id, '[]')) from gone where id < ${2n ** 63n - 1n}), '{}')
         where solution_id = :solutionId and table_name = :table and exists (select from gone)
       )
       select count(*)::int as read, (select count(*)::int from gone) as deleted,
         count(*) filter (where not is_old)::int as young, max(id) as last from batch`,
      { table, solutionId, days, after },
    );
    return result.rows[0] ?? { read: 0, deleted: 0, young: 0, last: null };
  }
}

/**
 * The age of a reading counts from its own time. If that time is more than a year before its receipt, or after it, the
 * age counts from the receipt, so that a wrong clock does not decide how long data is kept.
 */
const keptFrom = `case when received_at is null then measured_at
  when measured_at between received_at - interval '1 year' and received_at then measured_at
  else received_at end`;

interface Batch {
  readonly read: number;
  readonly deleted: number;
  /** A reading without a time counts as neither old nor young. */
  readonly young: number;
  readonly last: string | null;
}

/** Small enough that locks are short, and large enough that round trips do not matter. */
const batchRows = 5_000;
