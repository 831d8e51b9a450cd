import type { Db } from '../../db/database';

/** The figures of pairs for monitoring. */
export interface PairFigures {
  /** Work that is not over, by pair and state. */
  readonly jobs: readonly { readonly pair: string; readonly state: string; readonly count: number }[];
  /** How long the oldest work of each pair has waited that is due; 0: none is. */
  readonly ages: readonly { readonly pair: string; readonly seconds: number }[];
  readonly systems: readonly { readonly system: string; readonly isUp: boolean }[];
}

export function createPairFiguresStore(db: Db) {
  return {
    async read(): Promise<PairFigures> {
      const jobs = await db.raw<{ rows: { pair: string; state: string; count: number }[] }>(
        `select p.name as pair, j.state, count(*)::int as count from pair p join link_job j on j.pair_id = p.id
         where j.state in ('new', 'running', 'waiting', 'held', 'failed', 'given-up') group by p.name, j.state order by 1, 2`,
      );
      const ages = await db.raw<{ rows: { pair: string; seconds: number }[] }>(
        `select p.name as pair, coalesce((select extract(epoch from now() - min(j.created_at)) from link_job j
           where j.pair_id = p.id and j.state in ('new', 'failed') and j.run_after <= now()), 0)::float8 as seconds
         from pair p order by 1`,
      );
      const systems = await db.raw<{ rows: { system: string; isUp: boolean }[] }>(
        `select name as system, state in ('unknown', 'up') or state = 'throttled' and not_before <= now() as "isUp"
         from remote_system order by 1`,
      );
      return { jobs: jobs.rows, ages: ages.rows, systems: systems.rows };
    },
  };
}
