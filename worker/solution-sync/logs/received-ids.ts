import type { Db } from '../../../shared/db/database';
import { LogId } from './log-id';
import type { LogKey } from './log-mark';

/**
 * The ids that a file brings, as ranges. Those above all before it are noted one by one, which must cost next to nothing;
 * of the others only those that are refused are (the log itself tells of the rest).
 */
export interface ReceivedIds {
  /** Above all ids before it: of the file, and of the log. */
  noteHighest(id: LogId): void;
  noteRefused(id: LogId): void;
  readonly isEmpty: boolean;
  /** As PostgreSQL writes an `int8multirange`. */
  toText(): string;
}

/** Beyond so many ranges of a log, the lowest are joined: what is missing among them is no longer looked for. */
export const maxRanges = 1_000;

export function createReceivedIds(): ReceivedIds {
  const fresh: IdRange[] = [];
  const start = new LogId();
  const end = new LogId();
  let isOpen = false;
  let refused: IdRange[] = [];

  return {
    noteHighest(id) {
      // What the second half carries over is a range of its own here: the database joins them.
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
      if (refused.length > 2 * maxRanges) refused = joinLowest(joined(refused));
    },

    get isEmpty() {
      return !isOpen && fresh.length === 0 && refused.length === 0;
    },

    toText() {
      closeRange();
      const ranges = [...fresh, ...refused].filter(({ from }) => from < topId);
      return `{${ranges.map(({ from, to }) => `[${from},${to < topId ? to + 1n : topId})`).join()}}`;
    },
  };

  function closeRange(): void {
    if (!isOpen) return;
    fresh.push({ from: start.toBigInt(), to: end.toBigInt() });
    isOpen = false;
    if (fresh.length > 2 * maxRanges) fresh.splice(0, fresh.length, ...joinLowest(fresh));
  }
}

/**
 * Adds to what has been received of a log; `highest_id` grows with it. `newIds`: SQL that reads further ids.
 * Needs the log's lock. Its cost grows with the ranges, not with the rows of the log.
 */
export async function noteReceived(
  db: Db,
  { solutionId, table }: LogKey,
  received: { readonly highestId: bigint; readonly ids: ReceivedIds; readonly newIds: string | null },
): Promise<void> {
  const { highestId, ids, newIds } = received;
  const others =
    newIds === null
      ? `'{}'::int8multirange`
      : `(select coalesce(range_agg(int8range(id, id, '[]')), '{}') from (${newIds}) late where id < ${topId})`;
  await db.raw(
    `with ranges as (
       select part, row_number() over (order by part desc) as place
       from unnest(cast(:ids as int8multirange) + ${others} + coalesce(
         (select received from log_mark where solution_id = :solutionId and table_name = :table), '{}')) as part
     ), few as (
       select coalesce(range_agg(part), '{}') as received from (
         select part from ranges where place < :maxRanges
         union all
         select range_merge(range_agg(part)) from ranges where place >= :maxRanges having count(*) > 0
       ) kept
     )
     insert into log_mark (solution_id, table_name, highest_id, received)
     select cast(:solutionId as int), cast(:table as text), cast(:highestId as bigint), received from few
     on conflict (solution_id, table_name) do update
     set highest_id = greatest(log_mark.highest_id, excluded.highest_id), received = excluded.received`,
    {
      solutionId,
      table: table.table,
      highestId: String(highestId),
      ids: ids.toText(),
      maxRanges,
    },
  );
}

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

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
