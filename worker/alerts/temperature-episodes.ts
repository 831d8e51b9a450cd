import type { Db } from '../../shared/db/database';
import { bucket } from './probe-sql';

/**
 * The readings of watched probes as runs on one side of the limits; late ones, from before what was known, apart.
 * Only pieces that do not lie on one side as a whole are looked at reading by reading.
 */
export async function findRuns(db: Db, rows: string): Promise<void> {
  await db.raw(
    `create temporary table probe_run on commit drop as
     with piece as (
       select n.place, n.known_at, n.temp_min, n.temp_max, b.*,
         case when not is_full or start_at <= known_at and last_at > known_at then null
           when coldest > temp_max then 1
           when warmest < temp_min and coalesce(warmest <= temp_max, true) then -1
           when coalesce(warmest <= temp_max, true) and coalesce(coldest >= temp_min, true) then 0 end as side
       from probe_bucket b join probe_news n on n.probe_id = b.probe_id
       where n.is_watched and (not b.is_future or n.is_ahead)
     ), judged as (
       select ${seriesAt('start_at')}, start_at, last_at, cast(0 as bigint) as id, warmest, coldest, side
       from piece where side is not null
       union all
       select ${seriesAt('measured_at')}, measured_at, measured_at, reading.id, temperature, temperature,
         case when temperature > temp_max then 1 when temperature < temp_min then -1 else 0 end
       from (select *, ${bucket} as bucket from (${rows}) stored) reading
       join piece on piece.probe_id = reading.probe_id and piece.bucket = reading.bucket
       where piece.side is null and temperature is not null
     ), stepped as (
       select *, case when side = lag(side) over in_time then 0 else 1 end as is_start
       from judged window in_time as (partition by series order by start_at, id)
     ), numbered as (
       select *, sum(is_start) over (partition by series order by start_at, id rows unbounded preceding) as run
       from stepped
     )
     select series / 2 as place, series % 2 = 1 as is_late, min(side) as side, min(start_at) as start_at,
       max(last_at) as last_at, max(warmest) as warmest, min(coldest) as coldest
     from numbered group by series, run`,
  );
}

const seriesAt = (time: string) => `place * 2 + case when ${time} <= known_at then 1 else 0 end as series`;

/**
 * What was known continues in the runs that come after it. Late runs move its beginning: back, where they show that it
 * was out of limits before; forth, where they show that it was not all the time. Other late runs are episodes of the
 * past.
 */
export async function findEpisodes(db: Db): Promise<void> {
  await db.raw(
    `create temporary table probe_episode on commit drop as
     with elsewhere as (
       select n.place,
         max(r.last_at) filter (where r.last_at > n.since) as within_at,
         greatest(n.before_at, max(r.last_at) filter (where r.last_at <= n.since)) as before_at
       from probe_news n left join probe_run r on r.place = n.place and r.is_late and r.side <> n.side
       where n.side <> 0 group by n.place, n.before_at
     ), known as (
       select n.place, n.side, n.known_at, coalesce(e.within_at, e.before_at) as before_at,
         coalesce(e.within_at, least(n.since, min(r.start_at))) as since
       from probe_news n join elsewhere e on e.place = n.place
       left join probe_run r on r.place = n.place and r.is_late and r.side = n.side
         and r.start_at > coalesce(e.before_at, '-infinity')
       group by n.place, n.side, n.known_at, n.since, e.within_at, e.before_at
     ), listed as (
       select place, side, since as start_at, known_at as last_at, null as warmest, null as coldest, true as is_known
       from known
       union all
       select place, side, start_at, last_at, warmest, coldest, false from probe_run where not is_late
     ), stepped as (
       select *, case when side = lag(side) over in_time then 0 else 1 end as is_start
       from listed window in_time as (partition by place order by is_known desc, start_at)
     ), numbered as (
       select *, sum(is_start) over (partition by place order by is_known desc, start_at) as run from stepped
     ), present as (
       select place, run, side, min(start_at) as since, max(last_at) as last_at, max(warmest) as warmest,
         min(coldest) as coldest, bool_or(is_known) as is_known
       from numbered group by place, run, side
     )
     select present.place, present.side, present.since, last_at, warmest, coldest, is_known, false as is_past,
       lead(present.since) over in_time as ended_at,
       coalesce(lag(last_at) over in_time, case when is_known then known.before_at else n.known_at end) as before_at,
       row_number() over (partition by present.place order by run desc) = 1 as is_latest
     from present join probe_news n on n.place = present.place left join known on known.place = present.place
     window in_time as (partition by present.place order by run)
     union all
     select late.place, late.side, start_at, last_at, warmest, coldest, false, true, coalesce(next_at, last_at), null, false
     from (
       select *, lead(start_at) over (partition by place order by start_at) as next_at from probe_run where is_late
     ) late left join known on known.place = late.place and known.side = late.side and late.last_at > known.since
     where late.side <> 0 and known.place is null`,
  );
}
