import type { Db } from '../../db/database';

export type PairStatisticsStore = ReturnType<typeof createPairStatisticsStore>;

/** PostgreSQL's statistics of the tables that a slice fills. */
export function createPairStatisticsStore(db: Db) {
  return {
    /**
     * Analyses the tables that have grown much since they were last analysed. Autovacuum does so too, but about a
     * minute later. Until then, the planner assumes that a tree of 100,000 files is empty, and reads all of them for
     * each file.
     */
    async refresh(): Promise<void> {
      const { rows } = await db.raw<{ rows: { name: string }[] }>(
        `select s.relname as name from pg_stat_user_tables s join pg_class c on c.oid = s.relid
         where s.schemaname = current_schema() and s.relname = any(:grown)
           and s.n_mod_since_analyze > :least + greatest(c.reltuples, 0) / 2`,
        { grown, least: fewRows },
      );
      for (const { name } of rows) await db.raw('analyze ??', [name]);
    },
  };
}

const grown = ['tree_item', 'tree_listed', 'link', 'link_end', 'link_job', 'listed_key'];

/** Up to so many rows, any plan is fast. */
const fewRows = 500;
