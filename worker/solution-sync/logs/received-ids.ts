import type { Db } from '../../../shared/db/database';
import { prepared } from '../../../shared/db/prepared';
import { LogId } from './log-id';
import type { LogKey } from './log-mark';
import type { SpanRows } from './reading-spans';

/**
 * The ids of a file, as ranges. Growing ids are recorded one by one, which must cost almost nothing. If ids do not
 * grow, only refused ones are recorded, because the log itself contains the rest.
 */
export interface ReceivedIds {
  /** Above all ids before it: of the file, and of the log. */
  noteHighest(id: LogId): void;
  noteRefused(id: LogId): void;
  readonly isEmpty: boolean;
  /** As PostgreSQL writes an `int8multirange`. */
  toText(): string;
  /** Likewise, of those above all before them. */
  highestText(): string;
  /** Up to this id ranges were joined, so that ids that never came are among them. 0: none were. */
  readonly joinedUpTo: bigint;
}

/**
 * The most ranges of a log. Beyond it, the lowest ones are joined, and ids that are missing between them are no longer
 * noticed.
 */
export const maxRanges = 1_000;

export function createReceivedIds(): ReceivedIds {
  const fresh: IdRange[] = [];
  const start = new LogId();
  const end = new LogId();
  let isOpen = false;
  let refused: IdRange[] = [];
  let joinedUpTo = 0n;

  return {
    noteHighest(id) {
      // The overflow of the second half is a separate range here. The database joins them.
      if (isOpen && id.low === end.low + 1 && id.high === end.high) {
        end.low = id.low;
        return;
      }
      closeRange();
      start.set(id);
      end.set(id);
      isOpen = true;
    },

    noteRefused(id) {
      const at = id.toBigInt();
      const last = refused.at(-1);
      if (last !== undefined && at >= last.from && at <= last.to + 1n) {
        if (at > last.to) last.to = at;
        return;
      }
      refused.push({ from: at, to: at });
      if (refused.length > 2 * maxRanges) refused = withLowestJoined(joined(refused));
    },

    get joinedUpTo() {
      return joinedUpTo;
    },

    get isEmpty() {
      return !isOpen && fresh.length === 0 && refused.length === 0;
    },

    toText() {
      closeRange();
      const ranges = [...fresh, ...refused].filter(({ from }) => from < topId);
      return `{${ranges.map(({ from, to }) => `[${from},${to < topId ? to + 1n : topId})`).join()}}`;
    },

    highestText() {
      closeRange();
      return `{${fresh.map(({ from, to }) => `[${from},${to < topId ? to + 1n : ''})`).join()}}`;
    },
  };

  function withLowestJoined(ranges: readonly IdRange[]): IdRange[] {
    const fewer = joinLowest(ranges);
    const [lowest] = fewer;
    if (fewer.length < ranges.length && lowest !== undefined && lowest.to > joinedUpTo)
      joinedUpTo = lowest.to;
    return fewer;
  }

  function closeRange(): void {
    if (!isOpen) return;
    fresh.push({ from: start.toBigInt(), to: end.toBigInt() });
    isOpen = false;
    if (fresh.length > 2 * maxRanges) fresh.splice(0, fresh.length, ...withLowestJoined(fresh));
  }
}

/** The ids that a file contained. */
export interface Received {
  /** The highest id seen of the log. */
  readonly highestId: bigint;
  readonly ids: ReceivedIds;
  /** SQL that reads the ids of further rows that were stored; null: there are none. */
  readonly newIds: string | null;
  /** Null: no row was stored. */
  readonly arrival: Arrival | null;
}

/** How the times of rows that were stored were written. */
export interface Arrival {
  /** IANA name of the zone in which those without an offset were read. */
  readonly timezone: string;
  /** Null: there were no times. */
  readonly timeForm: 'local' | 'offset' | 'mixed' | null;
  /** Rows of the file whose time cannot be right. */
  readonly impossibleCount: number;
  /** When the rows were measured. Null: the times of the load are indexed later. */
  readonly spans: SpanRows | null;
}

/**
 * Adds ids to the received ones of a log and raises `highest_id`. Stored rows get a number in the order of arrival.
 * Needs the log's lock. The cost grows with the ranges, not with the rows of the log.
 */
export async function noteReceived(db: Db, { solutionId, table }: LogKey, received: Received): Promise<void> {
  const { highestId, ids, newIds, arrival } = received;
  const bindings = {
    solutionId,
    table: table.table,
    highestId: String(highestId),
    ids: ids.toText(),
    highestIds: ids.highestText(),
    joinedUpTo: String(ids.joinedUpTo),
    isStored: arrival !== null,
    timezone: arrival?.timezone ?? null,
    timeForm: arrival?.timeForm ?? null,
    impossible: arrival?.impossibleCount ?? 0,
    isIndexed: arrival?.spans !== null,
    spanDays: [...(arrival?.spans?.days ?? [])],
    spanIds: [...(arrival?.spans?.ids ?? [])],
  };
  if (newIds === null) await noteFresh(db, bindings);
  else await db.raw(noteSql(newIds), bindings);
}

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

/** SQL for the same ids in at most 100 ranges. Fewer are recognised by their size: a call of the function costs more. */
const fewerRanges = (ids: string) =>
  `case when pg_column_size(${ids}) > 1500 then fewer_id_ranges(${ids}) else ${ids} end`;

const noteSql = (newIds: string): string => `with late as materialized (${newIds}), others as (
       select coalesce(range_agg(int8range(id, id, '[]')) filter (where id < ${topId}), '{}') as ids,
         coalesce(range_agg(int8range(id, null)) filter (where id = ${topId}), '{}') as top
       from late
     ), arrived as (
       insert into log_arrival (solution_id, table_name, ids, timezone, time_form, is_indexed)
       select cast(:solutionId as int), cast(:table as text), cast(:highestIds as int8multirange) + others.ids + others.top,
         cast(:timezone as text), cast(:timeForm as text), cast(:isIndexed as boolean)
       from others where :isStored
     ), spanned as (
       insert into log_span as span (solution_id, table_name, starts_on, ids, kept_from)
       select cast(:solutionId as int), cast(:table as text), starts_on, ${fewerRanges('ids')},
         -- A time that the clock of a device cannot have right counts from the receipt.
         case when starts_on < now() - interval '373 days' then now()
           else least(now(), cast(starts_on as timestamp) at time zone 'UTC') end
       from (
         select coalesce(date '2000-01-01' + cast(nullif(day, '') as int), '-infinity') as starts_on, ids
         from unnest(cast(:spanDays as text[]), cast(:spanIds as int8multirange[])) as sent (day, ids)
       ) sent
       on conflict (solution_id, table_name, starts_on) do update
       set ids = ${fewerRanges('(span.ids + excluded.ids)')}, kept_from = least(span.kept_from, excluded.kept_from)
       where not span.ids @> excluded.ids or span.kept_from > excluded.kept_from
     ), ranges as (
       select part, row_number() over (order by part desc) as place
       from others cross join lateral unnest(cast(:ids as int8multirange) + others.ids + coalesce(
         (select received from log_mark where solution_id = :solutionId and table_name = :table), '{}')) as part
     ), few as (
       select coalesce(range_agg(part), '{}') as received, coalesce(max(joined_up_to), 0) as joined_up_to from (
         select part, 0::bigint as joined_up_to from ranges where place < ${maxRanges}
         union all
         select range_merge(range_agg(part)), case when count(*) > 1 then max(upper(part)) else 0 end
         from ranges where place >= ${maxRanges} having count(*) > 0
       ) kept
     )
     insert into log_mark (solution_id, table_name, highest_id, received, counted_from, last_row_at, impossible_count,
       impossible_at, not_indexed)
     select cast(:solutionId as int), cast(:table as text), cast(:highestId as bigint), received,
       greatest(joined_up_to, cast(:joinedUpTo as bigint)), case when :isStored then now() end, cast(:impossible as int),
       case when cast(:impossible as int) > 0 then now() end, '{}'
     from few
     on conflict (solution_id, table_name) do update
     set highest_id = greatest(log_mark.highest_id, excluded.highest_id), received = excluded.received,
       counted_from = greatest(log_mark.counted_from, excluded.counted_from),
       last_row_at = coalesce(excluded.last_row_at, log_mark.last_row_at),
       impossible_count = log_mark.impossible_count + excluded.impossible_count,
       impossible_at = coalesce(excluded.impossible_at, log_mark.impossible_at),
       -- After a replacement the solution may give ids again that were removed.
       absent = log_mark.absent - (select others.ids from others) - cast(:highestIds as int8multirange),
       removed = log_mark.removed - (select others.ids from others) - cast(:highestIds as int8multirange),
       unlisted = log_mark.unlisted - (select others.ids from others)`;

/** No further rows: nearly every file. */
const noteFresh = prepared<unknown, NoteBindings>(
  'note_received',
  noteSql('select null::bigint as id where false'),
);

interface NoteBindings {
  readonly solutionId: number;
  readonly table: string;
  readonly highestId: string;
  readonly ids: string;
  readonly highestIds: string;
  readonly joinedUpTo: string;
  readonly isStored: boolean;
  readonly timezone: string | null;
  readonly timeForm: string | null;
  readonly impossible: number;
  readonly isIndexed: boolean;
  readonly spanDays: readonly string[];
  readonly spanIds: readonly string[];
}

interface IdRange {
  readonly from: bigint;
  to: bigint;
}

/** In order, those that touch as one. */
function joined(ranges: readonly IdRange[]): IdRange[] {
  const inOrder = [...ranges].sort((one, other) => (one.from < other.from ? -1 : 1));
  const apart: IdRange[] = [];
  for (const range of inOrder) {
    const last = apart.at(-1);
    if (last === undefined || range.from > last.to + 1n) apart.push({ ...range });
    else if (range.to > last.to) last.to = range.to;
  }
  return apart;
}

function joinLowest(ranges: readonly IdRange[]): IdRange[] {
  const kept = ranges.slice(-maxRanges);
  const [first] = ranges;
  const last = ranges.at(-maxRanges - 1);
  return first === undefined || last === undefined ? kept : [{ from: first.from, to: last.to }, ...kept];
}
