import { findLogTable } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';
import type { Channel } from '../../../shared/domain/channel';
import type { Reason } from '../../../shared/domain/reason';
import { reasonText } from '../../../shared/domain/reason-english';
import type { RefusalCode } from '../../../shared/domain/refusal';
import { reasonColumns } from '../../../shared/formats/stored-reason';
import type { Rejected } from './rejections';

/** Puts what a sync rejects in quarantine, portion by portion. */
export interface QuarantineWriter {
  readonly write: (batch: readonly Rejected[]) => Promise<void>;
  /** Tells what found no room. */
  finish(): Promise<void>;
}

interface SyncOfSolution {
  readonly syncId: string;
  readonly solutionId: number;
  readonly channel: Channel;
}

/**
 * An entity or a row of which an open item says the same already is counted there: it comes with every sync until someone
 * mends it, and would fill the list. `standard`: how many open items a solution without a bound of its own may have. What
 * comes beyond is counted in one item for all, and the uploads that held it are kept while that item is open.
 */
export function createQuarantineWriter(db: Db, sync: SyncOfSolution, standard: number): QuarantineWriter {
  let room: number | null = null;
  let beyond = 0;
  let fileBeyond: string | null = null;

  return {
    async write(batch) {
      room ??= await roomFor(db, sync.solutionId, standard);
      const items = counted(batch);
      const rest = items.slice(room);
      room -= (await put(db, sync, items.slice(0, room))).length;
      if (rest.length === 0) return;
      beyond += timesOf(rest) - (await countAgain(db, sync, rest));
      fileBeyond ??= rest[0]?.file ?? null;
      await noteUnlisted(db, sync.solutionId, rest);
    },

    async finish() {
      if (beyond > 0 && fileBeyond !== null) await noteBeyond(db, sync, { count: beyond, file: fileBeyond });
    },
  };
}

/** How many further items may be open. Nobody else of the solution adds any before the transaction ends. */
async function roomFor(db: Db, solutionId: number, standard: number): Promise<number> {
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

/** Returns the ids of those that are new; the others are counted where they are open already. */
async function put(db: Db, sync: SyncOfSolution, items: readonly Counted[]): Promise<string[]> {
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
}

/** There is no room for new ones; those that are open already are counted there. Returns how many times that was. */
async function countAgain(db: Db, sync: SyncOfSolution, items: readonly Counted[]): Promise<number> {
  const rows = items.filter((item) => item.kind === 'row' && sameAs(item) !== null);
  const entities = items.filter((item) => item.kind === 'entity' && sameAs(item) !== null);
  return (await countRowsAgain(db, sync, rows)) + (await countEntitiesAgain(db, sync, entities));
}

async function countRowsAgain(db: Db, sync: SyncOfSolution, items: readonly Counted[]): Promise<number> {
  if (items.length === 0) return 0;
  const { rows } = await db.raw<{ rows: { times: number }[] }>(
    `with rejected as (${rejectedRows}), again as (${countSameRows} returning rejected.times)
     select coalesce(sum(times), 0)::int as times from again`,
    { ...sync, written: jsonOf(items) },
  );
  return rows[0]?.times ?? 0;
}

/** The database alone knows what an entity is the same as: it is put there, and goes again where it is new. */
async function countEntitiesAgain(db: Db, sync: SyncOfSolution, items: readonly Counted[]): Promise<number> {
  const added = await put(db, sync, items);
  if (added.length === 0) return timesOf(items);
  const { rows } = await db.raw<{ rows: { times: number }[] }>(
    `with gone as (delete from quarantine where id = any(:added) returning seen_count)
     select sum(seen_count)::int as times from gone`,
    { added },
  );
  return timesOf(items) - (rows[0]?.times ?? 0);
}

/** jsonb cannot hold NUL, and what was refused for one is kept without it. */
const jsonOf = (items: readonly Counted[]): string =>
  JSON.stringify(items.map(writtenOf)).replaceAll('\\u0000', '\\ufffd');

const writtenOf = ({ why, ...item }: Counted) => ({
  ...item,
  reasonCode: why === null ? null : why.code,
  reasonValues: why === null ? null : why.values,
});

const timesOf = (items: readonly Counted[]): number => items.reduce((sum, { times }) => sum + times, 0);

/** The books know rows that were refused by their items; of these rows there are none. */
async function noteUnlisted(db: Db, solutionId: number, rest: readonly Counted[]): Promise<void> {
  const idsOfTables = new Map<string, string[]>();
  for (const { kind, subject, rowId, code } of rest) {
    const table =
      kind === 'row' && code !== 'id-conflict' && code !== 'id-jump'
        ? findLogTable(subject ?? '')
        : undefined;
    const id = /^[ \t]*(\d{1,19})[ \t]*$/.exec(rowId ?? '')?.[1];
    if (table === undefined || id === undefined || BigInt(id) >= topId) continue;
    const ids = idsOfTables.get(table.table) ?? [];
    ids.push(id);
    idsOfTables.set(table.table, ids);
  }
  for (const [table, ids] of idsOfTables)
    await db.raw(
      `insert into log_mark (solution_id, table_name, highest_id, unlisted)
       select :solutionId, :table, -1, range_agg(int8range(id, id, '[]')) from unnest(cast(:ids as bigint[])) as id
       on conflict (solution_id, table_name) do update set unlisted = log_mark.unlisted + excluded.unlisted`,
      { solutionId, table, ids },
    );
}

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

/** One open item for each channel of a solution, however many syncs bring more. */
async function noteBeyond(
  db: Db,
  sync: SyncOfSolution,
  { count, file }: { readonly count: number; readonly file: string },
): Promise<void> {
  await db('sync').where({ id: sync.syncId }).update({ quarantine_beyond: count });
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
    reason: reasonText(fullReason),
    ...reasonColumns(fullReason),
    seen_count: count,
  });
}

const full: RefusalCode = 'quarantine-full';
const fullReason: Reason = { code: 'quarantine-full', values: {} };

interface Counted extends Rejected {
  readonly times: number;
}

/** One statement cannot count the same item twice: what a batch holds many times is in it once. */
function counted(batch: readonly Rejected[]): Counted[] {
  const all: Counted[] = [];
  const places = new Map<string, number>();
  for (const rejected of batch) {
    const key = sameAs(rejected);
    const place = key === null ? undefined : places.get(key);
    const before = place === undefined ? undefined : all[place];
    if (place !== undefined && before !== undefined) {
      all[place] = { ...before, times: before.times + 1 };
    } else {
      if (key !== null) places.set(key, all.length);
      all.push({ ...rejected, times: 1 });
    }
  }
  return all;
}

/** As the columns `same_as` and `same_row` have it, within one solution and channel. Null: nothing is the same as this. */
function sameAs({ kind, file, rowId, subject, code, raw }: Rejected): string | null {
  if ((kind !== 'entity' && kind !== 'row') || raw === null) return null;
  // Like the column, which knows no NUL.
  return JSON.stringify([raw, code, file, rowId ?? subject ?? '']).replaceAll('\\u0000', '\\ufffd');
}
