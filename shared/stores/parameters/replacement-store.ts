import type { Db } from '../../db/database';
import type { Channel, ChannelKey } from '../../domain/channel';
import { isNewestCopy } from '../../db/newest-copy';
import { type FailedInstruction, maxFailures } from '../../domain/failed-instruction';

/** A class or table that the solution has to replace whole, and has not confirmed. */
export interface DueReplacement {
  readonly channel: Channel;
  /** Name inside the package, e.g. `csv/Tbfridge-r.csv`. */
  readonly file: string;
  /** How often in a row the solution could not carry it out, and why. */
  readonly failures: number;
  readonly failureReason: string | null;
  /** It has failed too often, and is only sent again when staff ask for it again. */
  readonly isParked: boolean;
}

interface Row {
  solution_id: number;
  channel: Channel;
  file: string;
  told_in: string | null;
  failures: number;
  failure_reason: string | null;
}

export type ReplacementStore = ReturnType<typeof createReplacementStore>;

/** Whole classes and tables that packages send as `r`, until the solution has carried them out. */
export function createReplacementStore(db: Db) {
  return {
    /**
     * A new request also tries parked replacements again. `fromManager`: until it is carried out, nothing that the
     * solution sends changes the manager's parameters.
     */
    async ask(
      { solutionId, channel }: ChannelKey,
      files: readonly string[],
      fromManager: boolean,
    ): Promise<void> {
      await db.raw(
        `insert into replacement_due (solution_id, channel, file, from_manager)
         select :solutionId, :channel, file, :fromManager from unnest(cast(:files as text[])) as file
         on conflict (solution_id, channel, file) do update
           set told_in = null, failures = 0, failure_reason = null,
             from_manager = replacement_due.from_manager or excluded.from_manager`,
        { solutionId, channel, files: [...files], fromManager },
      );
    },

    /**
     * Takes the replacements that are due and not parked for the package of the sync. If a newer copy of a class is in
     * quarantine, the class waits for a decision. Returns the names of the files.
     */
    async take({ solutionId, channel }: ChannelKey, syncId: string): Promise<string[]> {
      const rows = await db<Row>('replacement_due')
        .where({ solution_id: solutionId, channel })
        .andWhere('failures', '<', maxFailures)
        .andWhereRaw(
          `not exists (select from quarantine q where q.solution_id = replacement_due.solution_id
             and replacement_due.file = 'xml/' || q.subject || '-r.xml' and ${isNewestCopy})`,
        )
        .update({ told_in: syncId })
        .returning('file');
      return rows.map(({ file }) => file);
    },

    /**
     * The solution has carried them out, except for what failed. Entities of a class that failed are sent again one by
     * one. If a row of a table failed, the whole table is sent again. Returns what is parked now.
     */
    async confirm(syncId: string, failed: readonly FailedInstruction[]): Promise<DueReplacement[]> {
      const reasons = failed
        .map(({ file, id, reason }) => ({ file: file.replaceAll('\\', '/').toLowerCase(), id, reason }))
        .filter(({ file, id }) => id === '' || file.startsWith('csv/'))
        .map(({ file, reason }) => ({ file, reason }));
      const result = await db.raw<{ rows: Row[] }>(
        `update replacement_due due set told_in = null, failures = failures + 1, failure_reason = failed.reason
         from (
           select file, min(reason) as reason
           from jsonb_to_recordset(cast(:reasons as jsonb)) as failed (file text, reason text) group by file
         ) failed
         where due.told_in = :syncId and lower(due.file) = failed.file
         returning due.*`,
        { syncId, reasons: JSON.stringify(reasons) },
      );
      await db('replacement_due').where({ told_in: syncId }).delete();
      return result.rows.map(dueFrom).filter(({ isParked }) => isParked);
    },

    /** Cancels what is due. Returns the names of the files, without those in a package that is already prepared. */
    async cancel({ solutionId, channel }: ChannelKey): Promise<string[]> {
      const rows = await db<Row>('replacement_due')
        .where({ solution_id: solutionId, channel })
        .andWhere('failures', '>', 0)
        .delete()
        .returning('file');
      return rows.map(({ file }) => file);
    },

    async list(solutionId: number): Promise<DueReplacement[]> {
      const rows = await db<Row>('replacement_due')
        .where({ solution_id: solutionId })
        .orderBy(['channel', 'file'])
        .select('channel', 'file', 'failures', 'failure_reason');
      return rows.map(dueFrom);
    },
  };
}

const dueFrom = (row: Pick<Row, 'channel' | 'file' | 'failures' | 'failure_reason'>): DueReplacement => ({
  channel: row.channel,
  file: row.file,
  failures: row.failures,
  failureReason: row.failure_reason,
  isParked: row.failures >= maxFailures,
});
