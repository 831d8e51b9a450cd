import type { Db } from '../../db/database';

interface ReadingRetentionRow {
  id: number;
  name: string;
  log_retention_days: number | null;
}

export type AccountDataStore = ReturnType<typeof createAccountDataStore>;

/** Everything that the solutions of an account have in the database, in all tables. Rows are deleted in batches. */
export function createAccountDataStore(db: Db) {
  return {
    /** Accounts whose readings are not kept for ever. */
    async withReadingRetention(): Promise<{ id: number; name: string; readingDays: number }[]> {
      const rows = await db<ReadingRetentionRow>('account')
        .whereNotNull('log_retention_days')
        .select('id', 'name', 'log_retention_days');
      return rows.map((row) => ({ id: row.id, name: row.name, readingDays: row.log_retention_days ?? 0 }));
    },

    async solutionIds(accountId: number): Promise<number[]> {
      const rows = await db<{ id: number; account_id: number }>('solution')
        .where({ account_id: accountId })
        .orderBy('id')
        .select('id');
      return rows.map(({ id }) => id);
    },

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

    /** Nobody of the account can sign in any more, and tokens stop working at once. */
    async blockAll(accountId: number): Promise<void> {
      await db('solution')
        .where({ account_id: accountId })
        .whereNull('blocked_at')
        .update({ blocked_at: db.fn.now() });
    },

    async someSyncs(solutionId: number): Promise<{ id: string; archiveKey: string | null }[]> {
      const rows = await db<{ id: string; solution_id: number; archive_key: string | null }>('sync')
        .where({ solution_id: solutionId })
        .limit(200)
        .select('id', 'archive_key');
      return rows.map((row) => ({ id: row.id, archiveKey: row.archive_key }));
    },

    async deleteSyncs(ids: readonly string[]): Promise<void> {
      await db('sync')
        .whereIn('id', [...ids])
        .delete();
    },

    /** Every table that is keyed by solution, without the audit trail, which is kept. */
    async tablesBySolution(): Promise<string[]> {
      const result = await db.raw<{ rows: { name: string }[] }>(
        `select c.table_name as name from information_schema.columns c
         join information_schema.tables t using (table_schema, table_name)
         where c.table_schema = current_schema() and c.column_name = 'solution_id' and t.table_type = 'BASE TABLE'
           and c.table_name <> 'audit' order by 1`,
      );
      return result.rows.map(({ name }) => name);
    },

    /** Returns the number of deleted rows. */
    async deleteAll(table: string, solutionId: number): Promise<number> {
      for (let total = 0; ;) {
        const result = await db.raw<{ rowCount: number }>(
          `delete from ?? where ctid = any (array(select ctid from ?? where solution_id = ? limit ${batchRows}))`,
          [table, table, solutionId],
        );
        total += result.rowCount;
        if (result.rowCount < batchRows) return total;
      }
    },

    async deleteSolution(solutionId: number): Promise<void> {
      await db('solution').where({ id: solutionId }).delete();
    },

    async deleteAccount(accountId: number): Promise<void> {
      await db('account').where({ id: accountId }).delete();
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
