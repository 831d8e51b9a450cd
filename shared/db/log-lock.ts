/** SQL that waits for the lock of a log, and holds it until the transaction ends. `table`: SQL for its name in PostgreSQL. */
export const lockLogSql = (table: string, solutionId: string): string =>
  `pg_advisory_xact_lock(hashtextextended('log ' || ${table}, ${solutionId}))`;

/** Every transaction that locks several logs locks them in this order, so that none waits for the other in a circle. */
export const inLockOrder = (tables: readonly string[]): string[] => [...new Set(tables)].sort();
