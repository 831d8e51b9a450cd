import type { Db } from '../db/database';

/** The highest id that the server has seen of each log of a solution, quarantined rows included. */
export function createLogMarkStore(db: Db) {
  return {
    /** By table in PostgreSQL, as decimal texts. Costs one look-up, however many rows are stored. */
    async highestIds(solutionId: number): Promise<Map<string, string>> {
      const rows = await db<{ solution_id: number; table_name: string; highest_id: string }>('log_mark')
        .where({ solution_id: solutionId })
        .select('table_name', 'highest_id');
      return new Map(rows.map((row) => [row.table_name, row.highest_id]));
    },
  };
}

export type LogMarkStore = ReturnType<typeof createLogMarkStore>;
