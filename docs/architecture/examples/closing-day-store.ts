import type { Db } from '../../../shared/db/database';

/** A day on which a kitchen does not work. */
export interface ClosingDay {
  /** e.g. `2026-12-25`. */
  readonly day: string;
  readonly reason: string;
}

export type ClosingDayStore = ReturnType<typeof createClosingDayStore>;

export function createClosingDayStore(db: Db) {
  return {
    /** In the order of the days. */
    async list(solutionId: number): Promise<ClosingDay[]> {
      const { rows } = await db.raw<{ rows: ClosingDay[] }>(
        `select day::text as day, reason from closing_day where solution_id = ? order by day`,
        [solutionId],
      );
      return rows;
    },

    /** False: that day is there already. Two callers cannot both add it. */
    async add(solutionId: number, { day, reason }: ClosingDay): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `insert into closing_day (solution_id, day, reason) values (:solutionId, :day, :reason)
         on conflict do nothing returning day`,
        { solutionId, day, reason },
      );
      return rows.length === 1;
    },
  };
}
