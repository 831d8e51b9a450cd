import type { Db } from '../../db/database';
import { lockLogSql } from '../../db/log-lock';
import { prepared } from '../../db/prepared';

export type LogLock = ReturnType<typeof createLogLock>;

/** Only one transaction at a time adds to a log or counts it. */
export function createLogLock(db: Db) {
  return {
    /** Waits for the lock, and holds it until the transaction ends. `table`: its name in PostgreSQL. */
    async take(solutionId: number, table: string): Promise<void> {
      await lockLog(db, { table, solutionId });
    },
  };
}

const lockLog = prepared<unknown, { readonly table: string; readonly solutionId: number }>(
  'lock_log',
  `select ${lockLogSql('cast(:table as text)', ':solutionId')}`,
);
