import type { LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';

interface Replaced {
  readonly solutionId: number;
  readonly table: LogTable;
}

interface Incoming {
  /** A temporary table like the log, with the rows that the solution has. */
  readonly incoming: string;
  /** Ids of rows that the solution has as well, although they could not be read. */
  readonly refusedIds: readonly string[];
  /** True: rows that the solution no longer has may be deleted. */
  readonly mayDelete: boolean;
}

/** A plan that someone has decided about and that has not been carried out yet. */
export interface DecidedReplacement {
  readonly approvalId: string;
  readonly solutionId: number;
  readonly syncId: string;
  readonly channel: Channel;
  /** e.g. `Tbfridge`. */
  readonly tableName: string;
  readonly isApproved: boolean;
  /** E-mail. */
  readonly decidedBy: string | null;
}

export interface AppliedReplacement {
  readonly deleted: number;
  readonly replaced: number;
}

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

/** Replacements of whole logs by uploads: planned in the sync, applied after approval. */
export function createLogReplacementStore(db: Db) {
  return {
    /** False: the log has no stored rows, and no earlier plan for it is waiting. */
    async isNeeded({ solutionId, table }: Replaced): Promise<boolean> {
      const result = await db.raw<{ rows: { needed: boolean }[] }>(
        `select exists (select from :table: where solution_id = :solutionId) or exists (select from approval
           where solution_id = :solutionId and class = :name and kind = 'replace-logs' and state = 'open') as needed`,
        { solutionId, table: table.table, name: table.name },
      );
      return result.rows[0]?.needed === true;
    },

    /** Stores the lines of the plan that this approval is about. */
    async plan(
      approvalId: string,
      log: Replaced,
      { incoming, refusedIds, mayDelete }: Incoming,
    ): Promise<void> {
      await db.raw(
        `insert into log_replacement (approval_id, highest_sent)
         select :approvalId, greatest(coalesce(max(id), -1), (select max(id) from unnest(cast(:refusedIds as bigint[])) as id))
         from :incoming:`,
        { approvalId, incoming, refusedIds: [...refusedIds] },
      );
      const columns = ['extra', ...log.table.columns.map(({ column }) => column)];
      const list = (of: string) => columns.map((column) => `${of}."${column}"`).join(', ');
      await db.raw(
        `insert into log_replacement_row (approval_id, id, content)
         select :approvalId, stored.id, case when sent.id is not null then to_jsonb(sent) end
         from :table: stored left join :incoming: sent on sent.solution_id = stored.solution_id and sent.id = stored.id
         where stored.solution_id = :solutionId
           and case when sent.id is null then :mayDelete and stored.id <> all(cast(:refusedIds as bigint[]))
             else (${list('sent')}) is distinct from (${list('stored')}) end`,
        {
          approvalId,
          table: log.table.table,
          incoming,
          solutionId: log.solutionId,
          mayDelete,
          refusedIds: [...refusedIds],
        },
      );
    },

    /** The oldest decided plan, locked so that only one worker carries it out. Null: there is none. */
    async takeDecided(): Promise<DecidedReplacement | null> {
      const result = await db.raw<{ rows: DecidedRow[] }>(
        `select a.id, a.solution_id, a.sync_id, a.channel, a.class, a.state, a.decided_by
         from log_replacement r join approval a on a.id = r.approval_id
         where r.applied_at is null and a.state <> 'open'
         order by r.approval_id limit 1 for no key update of r skip locked`,
      );
      const [row] = result.rows;
      return row === undefined ? null : decidedFrom(row);
    },

    /** Does what was approved. The log must be locked. */
    async apply(
      { approvalId, solutionId }: DecidedReplacement,
      table: LogTable,
    ): Promise<AppliedReplacement> {
      const bindings = { approvalId, solutionId, table: table.table };
      const gone = await db.raw<{ rows: { deleted: number }[] }>(
        `with gone as (
           delete from :table: log using log_replacement_row r
           where r.approval_id = :approvalId and log.solution_id = :solutionId and log.id = r.id
           returning r.content is null as is_deleted
         )
         select cast(count(*) filter (where is_deleted) as int) as deleted from gone`,
        bindings,
      );
      const replaced = await db.raw<{ rowCount: number }>(
        `insert into :table: select (jsonb_populate_record(cast(null as :table:),
           r.content || jsonb_build_object('received_at', now()))).*
         from log_replacement_row r where r.approval_id = :approvalId and r.content is not null`,
        bindings,
      );
      await noteInMark(bindings);
      await lowerMark(bindings);
      return { deleted: gone.rows[0]?.deleted ?? 0, replaced: replaced.rowCount };
    },

    /** Marks the plan as carried out and deletes its rows. */
    async close(approvalId: string): Promise<void> {
      await db('log_replacement_row').where({ approval_id: approvalId }).delete();
      await db('log_replacement').where({ approval_id: approvalId }).update({ applied_at: db.fn.now() });
    },
  };

  /**
   * Removed rows are no longer expected to be stored. Replaced rows are returned again to readers that read by arrival.
   */
  async function noteInMark(bindings: {
    approvalId: string;
    solutionId: number;
    table: string;
  }): Promise<void> {
    await db.raw(
      `with changed as (
         select coalesce(range_agg(int8range(id, id, '[]')) filter (where content is null and id < ${topId}), '{}') as removed,
           range_agg(int8range(id, case when id < ${topId} then id + 1 end)) filter (where content is not null) as replaced
         from log_replacement_row where approval_id = :approvalId
       ), arrived as (
         insert into log_arrival (solution_id, table_name, ids)
         select :solutionId, :table, replaced from changed where replaced is not null
       )
       update log_mark set removed = log_mark.removed + changed.removed, is_check_asked = true
       from changed where solution_id = :solutionId and table_name = :table`,
      bindings,
    );
  }

  /** The solution continues from its own highest id, so it is asked for its rows after that id. */
  async function lowerMark(bindings: {
    approvalId: string;
    solutionId: number;
    table: string;
  }): Promise<void> {
    await db.raw(
      `update log_mark m set highest_id = now_highest.id, received = m.received - int8multirange(int8range(now_highest.id, null, '()'))
       from (
         select greatest(r.highest_sent, (select max(id) from :table: where solution_id = :solutionId)) as id
         from log_replacement r where r.approval_id = :approvalId
       ) now_highest
       where m.solution_id = :solutionId and m.table_name = :table`,
      bindings,
    );
  }
}

interface DecidedRow {
  id: string;
  solution_id: number;
  sync_id: string;
  channel: Channel;
  class: string;
  state: 'approved' | 'rejected' | 'superseded';
  decided_by: string | null;
}

const decidedFrom = (row: DecidedRow): DecidedReplacement => ({
  approvalId: row.id,
  solutionId: row.solution_id,
  syncId: row.sync_id,
  channel: row.channel,
  tableName: row.class,
  isApproved: row.state === 'approved',
  decidedBy: row.decided_by,
});
