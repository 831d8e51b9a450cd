import type { Db } from '../../db/database';

interface ReadingRetentionRow {
  id: number;
  name: string;
  log_retention_days: number | null;
}

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

    /** Blocks all sign-ins of the account, and its tokens stop working at once. */
    async blockAll(accountId: number): Promise<void> {
      await db('solution')
        .where({ account_id: accountId })
        .whereNull('blocked_at')
        .update({ blocked_at: db.fn.now() });
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
}

/** Small enough that locks are short, and large enough that round trips do not matter. */
const batchRows = 5_000;
