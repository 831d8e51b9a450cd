import type { Db } from '../../../shared/db/database';
import type { Channel } from '../../../shared/domain/channel';
import type { Rejected } from './rejections';

/**
 * Puts a portion of what a sync rejected in quarantine, as a set. An entity or a row of which an open item says the same
 * already is counted there: it comes with every sync until someone mends it, and would fill the list.
 */
export async function quarantineAll(
  db: Db,
  sync: { readonly syncId: string; readonly solutionId: number; readonly channel: Channel },
  batch: readonly Rejected[],
): Promise<void> {
  // jsonb cannot hold NUL, and what was refused for one is kept without it.
  const rows = JSON.stringify(counted(batch)).replaceAll('\\u0000', '\\ufffd');
  await db.raw(
    `with rejected as (
       select *, case when kind = 'row' and raw is not null then md5(
           md5(raw) || '/' || code || '/' || :channel || '/' || md5(file) || '/' || coalesce("rowId", subject, '')) end as same_row
       from jsonb_to_recordset(cast(:rows as jsonb)) as rejected
         (kind text, subject text, file text, line int, "rowId" text, code text, reason text, header text, raw text,
          times int)
     ), headers as (
       insert into refused_header (sync_id, file, header)
       select distinct on (file) :syncId, file, header from rejected where kind = 'row' and header is not null
       on conflict do nothing
     ), again as (
       update quarantine known set seen_count = known.seen_count + rejected.times, last_seen_at = now(),
         last_sync_id = :syncId
       from rejected
       where known.solution_id = :solutionId and known.same_row = rejected.same_row and known.state = 'open'
       returning known.same_row
     )
     insert into quarantine
       (solution_id, sync_id, channel, kind, subject, file, line, row_id, code, reason, header, raw, seen_count, same_row)
     select :solutionId, :syncId, :channel, kind, subject, file, line, "rowId", code, reason, header, raw, times, same_row
     from rejected where same_row is null or same_row not in (select same_row from again)
     on conflict (solution_id, same_as) where state = 'open' and same_as is not null
     do update set seen_count = quarantine.seen_count + excluded.seen_count, last_seen_at = now(),
       last_sync_id = excluded.sync_id`,
    { ...sync, rows },
  );
}

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
