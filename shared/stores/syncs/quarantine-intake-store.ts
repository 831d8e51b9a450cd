import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import type { Reason } from '../../domain/reason';
import type { RefusalCode } from '../../domain/refusal';
import { reasonColumns } from '../../formats/stored-reason';

/** The sync that brings what is put in quarantine. */
export interface RefusedSync {
  readonly syncId: string;
  readonly solutionId: number;
  readonly channel: Channel;
}

/** A row, entity, file or photo that could not be applied, as often as it was in one batch. */
export interface RefusedItem {
  readonly kind: 'row' | 'entity' | 'file' | 'photo';
  readonly subject: string | null;
  readonly file: string;
  readonly line: number | null;
  readonly rowId: string | null;
  readonly code: string;
  /** A sentence in English. */
  readonly reason: string;
  readonly reasonCode: string | null;
  readonly reasonValues: Reason['values'] | null;
  readonly header: string | null;
  readonly raw: string | null;
  readonly times: number;
}

/** Rows for which quarantine has no room. */
export interface RefusedBeyond {
  /** The first file that held some of it. */
  readonly file: string;
  readonly count: number;
  /** A sentence in English. */
  readonly reason: string;
  readonly why: Reason;
}

export type QuarantineIntakeStore = ReturnType<typeof createQuarantineIntakeStore>;

/**
 * Quarantine as workers use it: they add items, and settle those that have become moot. The actions of staff are in
 * quarantine-store.ts.
 */
export function createQuarantineIntakeStore(db: Db) {
  return {
    /**
     * How many more items may be open. `standard`: the limit for a solution that has none of its own. No other transaction
     * can add items of the solution until this one ends.
     */
    async room(solutionId: number, standard: number): Promise<number> {
      await db.raw(`select pg_advisory_xact_lock(hashtextextended('quarantine', ?))`, [solutionId]);
      const { rows } = await db.raw<{ rows: { room: number }[] }>(
        `select greatest(0, least(
           coalesce(q.open_quarantine, :standard)
             - (select count(*) from quarantine where solution_id = s.id and state = 'open'),
           a.open_quarantine - case when a.open_quarantine is not null then (
             select count(*) from quarantine i join solution m on m.id = i.solution_id
             where m.account_id = s.account_id and i.state = 'open') end))::int as room
         from solution s left join solution_quota q on q.solution_id = s.id
           left join account_quota a on a.account_id = s.account_id
         where s.id = :solutionId`,
        { solutionId, standard },
      );
      return rows[0]?.room ?? 0;
    },

    /** Adds new items and returns their ids. An item that is open already is counted there instead. */
    async put(sync: RefusedSync, items: readonly RefusedItem[]): Promise<string[]> {
      if (items.length === 0) return [];
      const { rows } = await db.raw<{ rows: { id: string; is_new: boolean }[] }>(
        `with rejected as (${rejectedRows}), headers as (
           insert into refused_header (sync_id, file, header)
           select distinct on (file) :syncId, file, header from rejected where kind = 'row' and header is not null
           on conflict do nothing
         ), again as (${countSameRows} returning known.same_row)
         insert into quarantine
           (solution_id, sync_id, channel, kind, subject, file, line, row_id, code, reason, reason_code, reason_values, header,
            raw, seen_count, same_row)
         select :solutionId, :syncId, :channel, kind, subject, file, line, "rowId", code, reason, "reasonCode", "reasonValues",
           header, raw, times, same_row
         from rejected where same_row is null or same_row not in (select same_row from again)
         on conflict (solution_id, same_as) where state = 'open' and same_as is not null
         do update set seen_count = quarantine.seen_count + excluded.seen_count, last_seen_at = now(),
           last_sync_id = excluded.sync_id, superseded_at = null
         returning id, xmax = 0 as is_new`,
        { ...sync, written: jsonOf(items) },
      );
      return rows.filter((row) => row.is_new).map((row) => row.id);
    },

    /** Counts rows that are open already, and adds none. Returns how many times rows were counted. */
    async countRowsAgain(sync: RefusedSync, items: readonly RefusedItem[]): Promise<number> {
      if (items.length === 0) return 0;
      const { rows } = await db.raw<{ rows: { times: number }[] }>(
        `with rejected as (${rejectedRows}), again as (${countSameRows} returning rejected.times)
         select coalesce(sum(times), 0)::int as times from again`,
        { ...sync, written: jsonOf(items) },
      );
      return rows[0]?.times ?? 0;
    },

    /** Returns how many times the removed items had been seen. */
    async remove(ids: readonly string[]): Promise<number> {
      const { rows } = await db.raw<{ rows: { times: number }[] }>(
        `with gone as (delete from quarantine where id = any(cast(:ids as bigint[])) returning seen_count)
         select sum(seen_count)::int as times from gone`,
        { ids: [...ids] },
      );
      return rows[0]?.times ?? 0;
    },

    /** One open item for each channel of a solution counts what found no room, however many syncs bring more. */
    async noteBeyond(sync: RefusedSync, { file, count, reason, why }: RefusedBeyond): Promise<void> {
      const known = await db('quarantine')
        .where({ solution_id: sync.solutionId, channel: sync.channel, code: full, state: 'open' })
        .update({
          seen_count: db.raw('seen_count + ?', [count]),
          last_seen_at: db.fn.now(),
          last_sync_id: sync.syncId,
        });
      if (known > 0) return;
      await db('quarantine').insert({
        solution_id: sync.solutionId,
        sync_id: sync.syncId,
        channel: sync.channel,
        kind: 'file',
        file,
        code: full,
        reason,
        ...reasonColumns(why),
        seen_count: count,
      });
    },

    /** Settles refused rows whose Id is stored in the log by now. Returns the number of items. */
    async settleStored(
      solutionId: number,
      log: { readonly name: string; readonly table: string },
    ): Promise<number> {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `update quarantine q set taken_at = now(), ${settled}
         where q.solution_id = :solutionId and q.subject = :name and q.log_id is not null and q.taken_at is null
           and q.code <> 'id-conflict'
           and exists (select from :table: log where log.solution_id = :solutionId and log.id = q.log_id)`,
        { solutionId, name: log.name, table: log.table },
      );
      return rowCount;
    },

    /** Settles rows that were refused as other content of a stored Id, and are the same as what is stored now. */
    async settleSame(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return;
      await db.raw(
        `update quarantine set ${settled} where id = any(cast(:ids as bigint[])) and state = 'open'`,
        {
          ids: [...ids],
        },
      );
    },

    /** Settles rows that were refused as other content of a stored Id, and that an approved replacement has stored. `name`: of the log. */
    async settleReplaced(of: {
      readonly approvalId: string;
      readonly syncId: string;
      readonly name: string;
    }): Promise<void> {
      // Without statistics, as after a large plan, PostgreSQL would compare every row with every other row.
      await db.raw('set local enable_nestloop = off');
      await db.raw(
        `update quarantine q set state = 'replayed', decided_at = now(), decided_by = a.decided_by
         from log_replacement_row r join approval a on a.id = r.approval_id
         where r.approval_id = :approvalId and r.content is not null and q.sync_id = :syncId and q.subject = :name
           and q.code = 'id-conflict' and q.state = 'open' and q.row_id = cast(r.id as text)`,
        { ...of },
      );
    },
  };
}

const rejectedRows = `
  select *, case when kind = 'row' and raw is not null then md5(
      md5(raw) || '/' || code || '/' || :channel || '/' || md5(file) || '/' || coalesce("rowId", subject, '')) end as same_row
  from jsonb_to_recordset(cast(:written as jsonb)) as rejected
    (kind text, subject text, file text, line int, "rowId" text, code text, reason text, "reasonCode" text,
     "reasonValues" jsonb, header text, raw text, times int)`;

const countSameRows = `
  update quarantine known set seen_count = known.seen_count + rejected.times, last_seen_at = now(), last_sync_id = :syncId
  from rejected
  where known.solution_id = :solutionId and known.same_row = rejected.same_row and known.state = 'open'`;

/** jsonb cannot hold NUL, and what was refused for one is kept without it. */
const jsonOf = (items: readonly RefusedItem[]): string =>
  JSON.stringify(items).replaceAll('\\u0000', '\\ufffd');

const full: RefusalCode = 'quarantine-full';

/** Decided items stay decided. */
const settled = `state = case when state = 'open' then 'replayed' else state end,
  settled_at = case when state = 'open' then now() end,
  decided_at = case when state = 'open' then now() else decided_at end,
  decided_by = case when state = 'open' then 'solution' else decided_by end`;
