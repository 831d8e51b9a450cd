import type { Db } from '../../db/database';

/** For how long what pairs of systems did is kept. */
export interface PairRetention {
  /** Days: events with what was before, runs, plans, jobs that ended. */
  readonly historyDays: number;
  /** The days for which links in the state `gone` are kept. A later mention of such an item creates it again. */
  readonly goneDays: number;
}

export function createPairRetentionStore(db: Db) {
  return {
    /** Removes what is old, at most so many rows of each kind. Returns how many of the kind with most. */
    async removeOld({ historyDays, goneDays }: PairRetention, batchSize: number): Promise<number> {
      const counts: number[] = [];
      for (const [table, condition, days] of [
        ['link_event', 'at < now() - make_interval(days => :days)', historyDays],
        ['link_job', 'ended_at < now() - make_interval(days => :days)', historyDays],
        ['pair_run', 'ended_at < now() - make_interval(days => :days)', historyDays],
        [
          'pair_plan',
          `created_at < now() - make_interval(days => :days) and state not in ('making', 'ready', 'approved')`,
          historyDays,
        ],
        [
          'link',
          `state = 'gone' and parted_at is null and ended_at < now() - make_interval(days => :days)`,
          goneDays,
        ],
      ] as const) {
        const result = await db.raw<{ rowCount: number }>(
          `delete from ${table} where id in (select id from ${table} where ${condition} limit :batchSize)`,
          { days, batchSize },
        );
        counts.push(result.rowCount);
      }
      return Math.max(...counts);
    },
  };
}
