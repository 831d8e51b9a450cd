import { findLogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import type { LogBook } from '../../domain/log-book';
import { maxReportedGaps } from '../../domain/log-gaps';

export interface MarkedLog {
  readonly solutionId: number;
  /** In PostgreSQL. */
  readonly table: string;
}

export type LogBookStore = ReturnType<typeof createLogBookStore>;

/** Compares the ids that the server recorded with the rows that are stored. */
export function createLogBookStore(db: Db) {
  return {
    /** The logs of all solutions after the given one, at most `limit`. */
    async logsAfter(last: MarkedLog | null, limit: number): Promise<MarkedLog[]> {
      const { rows } = await db.raw<{ rows: MarkedLog[] }>(
        `select solution_id as "solutionId", table_name as "table" from log_mark
         where (solution_id, table_name) > (:solutionId, :table) order by solution_id, table_name limit :limit`,
        { solutionId: last?.solutionId ?? 0, table: last?.table ?? '', limit },
      );
      return rows;
    },

    /** Asks for a check of the log before the nightly one. The caller adds the job that does it. */
    async askCheck(solutionId: number, table: string): Promise<void> {
      await db('log_mark')
        .where({ solution_id: solutionId, table_name: table })
        .update({ is_check_asked: true });
    },

    /** Takes a log whose check was asked for, and clears the request. Null: there is none. */
    async takeAsked(): Promise<MarkedLog | null> {
      const { rows } = await db.raw<{ rows: MarkedLog[] }>(
        `update log_mark set is_check_asked = false
         where (solution_id, table_name) = (select solution_id, table_name from log_mark where is_check_asked
           limit 1 for no key update skip locked)
         returning solution_id as "solutionId", table_name as "table"`,
      );
      return rows[0] ?? null;
    },

    /**
     * False: no check has counted this log yet, so the first check only records what it finds. Null: the log is no
     * longer known.
     */
    async isOpen({ solutionId, table }: MarkedLog): Promise<boolean | null> {
      const row = await db<{ solution_id: number; table_name: string; is_book_open: boolean }>('log_mark')
        .where({ solution_id: solutionId, table_name: table })
        .first('is_book_open');
      return row?.is_book_open ?? null;
    },

    /**
     * Compares the rows after an id, at most `limit`, with the recorded ids. It is one statement, so that both are read
     * at the same moment and nobody is blocked. Reads the ids from the primary key; the ids themselves are compared
     * only where their number or their sum differs.
     */
    async comparePage(
      { solutionId, table }: MarkedLog,
      afterId: string,
      maxRows: number,
    ): Promise<ComparedPage | null> {
      const name = findLogTable(table)?.name ?? '';
      const { rows } = await db.raw<{ rows: ComparedPage[] }>(compareSql, {
        ...{ solutionId, table, name, afterId, maxRows },
      });
      return rows[0] ?? null;
    },

    /** Records the differences as the starting point. Needs the log's lock. */
    async beginWith(log: MarkedLog, { lostText, unknownText }: ComparedPage): Promise<void> {
      await db.raw(
        `update log_mark set removed = removed + cast(:lostText as int8multirange),
           received = received + cast(:unknownText as int8multirange)
         where solution_id = :solutionId and table_name = :table`,
        { ...log, lostText, unknownText },
      );
    },

    /**
     * Stores the book with the ids in doubt, as the pages return them. If there are very many, only the first ones are
     * stored.
     */
    async keep({ solutionId, table }: MarkedLog, book: LogBook, inDoubt: IdTexts): Promise<void> {
      await db('log_mark')
        .where({ solution_id: solutionId, table_name: table })
        .update({
          book: JSON.stringify(book),
          is_balanced: book.lost.count === '0' && book.unknown.count === '0',
          is_book_open: true,
          checked_at: db.fn.now(),
          lost: db.raw(allRanges, [[...inDoubt.lost]]),
          unknown: db.raw(allRanges, [[...inDoubt.unknown]]),
        });
    },

    /**
     * Accepts the ids in doubt: lost rows count as declared absent, and rows that no upload contained count as
     * received. Ids that are no longer in doubt are left out. Needs the log's lock. The cost grows with the ids in
     * doubt. Returns how many ids were accepted. The caller asks for the next check.
     */
    async acceptDoubt({ solutionId, table }: MarkedLog): Promise<AcceptedIds> {
      const { rows } = await db.raw<{ rows: AcceptedIds[] }>(
        `with mark as (
           select * from log_mark where solution_id = :solutionId and table_name = :table
         ), stored as (
           select coalesce(range_agg(int8range(log.id, log.id, '[]')), '{}') as ids
           from mark cross join lateral unnest(mark.lost + mark.unknown) as part
           cross join lateral (
             select id from :table: where solution_id = :solutionId and id >= lower(part) and id < upper(part)
           ) log
         ), accepted as (
           select (mark.lost - stored.ids) * mark.received - mark.absent - mark.removed as lost, mark.unknown * stored.ids as unknown
           from mark, stored
         )
         update log_mark set absent = log_mark.absent + accepted.lost - accepted.unknown,
           received = log_mark.received + accepted.unknown, removed = log_mark.removed - accepted.unknown,
           unlisted = log_mark.unlisted - accepted.unknown, lost = '{}', unknown = '{}'
         from accepted where log_mark.solution_id = :solutionId and log_mark.table_name = :table
         returning id_count(accepted.lost)::text as lost, id_count(accepted.unknown)::text as unknown`,
        { solutionId, table },
      );
      return rows[0] ?? { lost: '0', unknown: '0' };
    },
  };
}

/** Each as PostgreSQL writes an `int8multirange`. */
export interface IdTexts {
  readonly lost: readonly string[];
  readonly unknown: readonly string[];
}

/** Decimal texts: how many. */
export interface AcceptedIds {
  readonly lost: string;
  readonly unknown: string;
}

/** Counts are decimal texts. */
export interface ComparedPage extends LogBook {
  /** Null: no further rows follow. */
  readonly lastId: string | null;
  /** As PostgreSQL writes an `int8multirange`; null: nothing differs. */
  readonly lostText: string | null;
  readonly unknownText: string | null;
}

const allRanges = `(select coalesce(range_agg(part), '{}')
  from unnest(cast(? as int8multirange[])) as ids cross join lateral unnest(ids) as part)`;

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = String(2n ** 63n - 1n);

const inDoubt = (ids: string) => `jsonb_build_object('count', id_count(${ids})::text, 'ranges', (
  select coalesce(jsonb_agg(jsonb_build_array(lower(part)::text, (upper(part) - 1)::text) order by part), '[]')
  from (select part from unnest(${ids}) as part order by part limit ${maxReportedGaps}) as first))`;

/** Rows in quarantine count as refused as long as no row with their Id is stored, whoever has settled them. */
const compareSql = `
  with mark as (
    select * from log_mark where solution_id = :solutionId and table_name = :table
  ), page as materialized (
    select id from :table: where solution_id = :solutionId and id > :afterId and id < ${topId} order by id limit :maxRows
  ), read as (
    select count(*) = :maxRows as has_more, max(id) as last from page
  ), part as (
    select int8multirange(int8range(greatest(cast(:afterId as bigint) + 1, mark.counted_from),
      greatest(mark.counted_from, case when read.has_more then read.last + 1 else ${topId} end))) as ids from mark, read
  ), item as (
    select q.log_id as id, q.state from quarantine q, read
    where q.solution_id = :solutionId and q.subject = :name and q.log_id is not null and q.taken_at is null
      and q.code not in ('id-conflict', 'id-jump') and q.log_id > :afterId and q.log_id < ${topId}
      and (not read.has_more or q.log_id <= read.last)
      and not exists (select from page where page.id = q.log_id)
  ), quarantined as (
    select coalesce(range_agg(int8range(id, id, '[]')), '{}') as all_ids,
      coalesce(range_agg(int8range(id, id, '[]')) filter (where state <> 'discarded'), '{}') as waiting_ids from item
  ), said as (
    select mark.highest_id, part.ids as part, mark.received * part.ids as received,
      mark.received * mark.absent * part.ids as absent,
      (mark.received * mark.removed - mark.absent) * part.ids as removed,
      (mark.received * (quarantined.all_ids - quarantined.waiting_ids) - mark.absent - mark.removed) * part.ids as discarded,
      (mark.received - mark.absent - mark.removed - mark.unlisted - quarantined.all_ids) * part.ids as expected,
      case when isempty(mark.received) then '{}' else int8multirange(int8range(lower(mark.received),
        greatest(mark.highest_id, lower(mark.received)))) * part.ids - mark.received end as missing
    from mark, part, quarantined
  ), found as (
    select count(*) as rows, coalesce(sum(id), 0) as total from page, mark where id >= mark.counted_from
  ), compared as (
    select case when found.rows <> id_count(expected) or found.total <> id_sum(expected) then (
      select coalesce(range_agg(int8range(id, id, '[]')), '{}') from page, mark where id >= mark.counted_from
    ) end as stored_ids from said, found
  ), differing as (
    select coalesce(expected - stored_ids, '{}') as lost, coalesce(stored_ids - expected, '{}') as unknown,
      stored_ids is not null as is_any
    from said, compared
  )
  select case when read.has_more then read.last::text end as "lastId", said.highest_id::text as "highestId",
    (id_count(said.expected) - id_count(lost))::text as stored,
    (id_count(said.received) - id_count(said.expected) - id_count(said.absent) - id_count(said.removed)
      - id_count(said.discarded))::text as refused,
    id_count(said.discarded)::text as discarded, id_count(said.absent)::text as absent,
    id_count(said.removed)::text as removed, id_count(said.missing)::text as missing,
    ${inDoubt('lost')} as lost, ${inDoubt('unknown')} as unknown,
    case when is_any then lost::text end as "lostText", case when is_any then unknown::text end as "unknownText"
  from said, read, differing`;
