import type { Db } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { newProbeEvents, tellProbeEvents } from './probe-events';
import { fridgesOf } from './probe-fridges';

/** Readings by which no alert has been judged yet. */
export interface ReadingsSource {
  /** SQL that reads these columns of theirs, from the log's index alone. */
  select(columns: readonly string[]): string;
}

const { battery, believedAheadMinutes, believedBehindDays, escalationFactor, heardSpans } = probeAlertLimits;

/**
 * Opens, escalates and closes alerts by the readings that are new, as a set, in a transaction of its own; its work grows
 * with them and never with what is stored. All times are the readings' own; a clock that is wrong moves an alert and
 * does not hide it. `language`: of what the kitchen is told. Source: ePack V4, Probe alerts.
 */
export async function updateProbeAlerts(
  db: Db,
  solutionId: number,
  readings: ReadingsSource,
  language: Language,
): Promise<void> {
  const rows = readings.select(['id', 'probe_id', 'measured_at', 'temperature', 'battery_percent']);
  // What has just been loaded has no statistics yet: PostgreSQL takes it for little, and would sort or look up row by row
  // where it should hash (measured on 100,000 readings: 9 s instead of 0.5 s).
  await db.raw(`set local work_mem = '64MB'; set local jit = off; set local enable_sort = off;
    set local enable_nestloop = off`);
  await db.raw('select from probe_state where solution_id = ? order by probe_id for update', [solutionId]);
  // One transaction judges by the readings of several syncs, one after the other.
  await db.raw('drop table if exists probe_bucket, probe_news, probe_run, probe_episode, probe_span');
  await gatherReadings(db, rows);
  const { isWatched, isHeardAgain, hasBatteryNews } = await findNews(db, solutionId);
  await newProbeEvents(db);
  if (isWatched) {
    await findRuns(db, rows);
    await findEpisodes(db);
    await settleOpenAlerts(db, solutionId);
    await openAlerts(db, solutionId);
  }
  await findHeardSpans(db, solutionId, rows);
  if (isHeardAgain) await closeLostSignals(db, solutionId, rows);
  await openPastSilences(db, solutionId);
  if (hasBatteryNews) await judgeBatteries(db, solutionId, rows);
  await rememberProbes(db, solutionId, isWatched);
  await tellProbeEvents(db, language);
}

/**
 * The readings in pieces of some hours of one probe. Most pieces lie on one side of the limits as a whole: then no
 * more than the piece has to be looked at, and a large upload needs no sorting.
 */
async function gatherReadings(db: Db, rows: string): Promise<void> {
  await db.raw(
    `create temporary table probe_bucket on commit drop as
     select probe_id, bucket, bucket >= ${believedUntil} as is_future, min(measured_at) as start_at, max(measured_at) as last_at,
       max(temperature) as warmest, min(temperature) as coldest, min(battery_percent) as lowest_battery,
       count(temperature) = count(*) as is_full
     from (select *, ${bucket} as bucket from (${rows}) stored) reading
     where measured_at is not null
     group by probe_id, bucket having octet_length(probe_id) <= 200`,
  );
}

const bucketMinutes = 180;
export const believedUntil = `now() + interval '${believedAheadMinutes} minutes'`;
/** A piece lies before that or after it, never both. */
const bucket = `date_bin(make_interval(mins => ${bucketMinutes}), measured_at, ${believedUntil})`;

/** What there is to do. */
interface News {
  readonly isWatched: boolean;
  readonly isHeardAgain: boolean;
  readonly hasBatteryNews: boolean;
}

/**
 * One row per probe that sent something: what it sent at most, its fridge's limits, what was known of it before.
 * Readings of the future do not count beside others of their probe: one wrong time would make all that follow late.
 */
async function findNews(db: Db, solutionId: number): Promise<News> {
  await db.raw(
    `create temporary table probe_news on commit drop as
     with heard as (
       select probe_id, max(last_at) filter (where not is_future) as believed_at,
         max(last_at) as newest_at, min(start_at) as oldest_at,
         max(warmest) as warmest, min(coldest) as coldest, min(lowest_battery) as lowest_battery
       from probe_bucket group by probe_id
     )
     select cast(row_number() over () as int) as place, heard.probe_id,
       coalesce(believed_at, newest_at) as newest_at, oldest_at, believed_at is null as is_ahead,
       fridge.name as fridge_name, fridge.temp_min, fridge.temp_max, fridge.delay_minutes,
       coalesce(fridge.signal_loss_minutes, ${probeAlertLimits.signalLossMinutes}) as signal_loss_minutes,
       state.last_at as known_at, coalesce(state.side, 0) as side, state.since, state.before_at,
       coalesce(warmest > temp_max, false) or coalesce(coldest < temp_min, false) or coalesce(state.side <> 0, false)
         or ${hasOpen("'high', 'low'")} as is_watched,
       ${hasOpen("'signal-lost'")} as was_lost,
       coalesce(lowest_battery < ${battery.low}, false) or ${hasOpen("'low-battery'")} as has_battery_news
     from heard
     left join (${fridgesOf(':solutionId')}) fridge on fridge.probe_id = heard.probe_id
     left join probe_state state on state.solution_id = :solutionId and state.probe_id = heard.probe_id
       and (state.last_at <= ${believedUntil} or heard.believed_at is null)`,
    { solutionId },
  );
  const result = await db.raw<{ rows: News[] }>(
    `select coalesce(bool_or(is_watched), false) as "isWatched", coalesce(bool_or(was_lost), false) as "isHeardAgain",
       coalesce(bool_or(has_battery_news), false) as "hasBatteryNews" from probe_news`,
  );
  return result.rows[0] ?? { isWatched: false, isHeardAgain: false, hasBatteryNews: false };
}

const hasOpen = (kinds: string) =>
  `exists (select from probe_alert where solution_id = :solutionId and probe_id = heard.probe_id
     and kind in (${kinds}) and closed_at is null)`;

/**
 * The readings of watched probes as runs on one side of the limits; late ones, from before what was known, apart.
 * Only pieces that do not lie on one side as a whole are looked at reading by reading.
 */
async function findRuns(db: Db, rows: string): Promise<void> {
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
 * What was known goes on in the runs that come after it. Late runs move its beginning: back, where they show that it was
 * out of limits before; forth, where they show that it was not all the time. Other late runs are episodes of the past.
 */
async function findEpisodes(db: Db): Promise<void> {
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

/** Those that are open already, about temperatures. One whose limits are gone closes with the next reading. */
async function settleOpenAlerts(db: Db, solutionId: number): Promise<void> {
  await db.raw(
    `with judged as (
       select a.id, a.escalated_at is null and e.last_at - a.since > patience as is_impatient, a.since + patience as impatient_at,
         case when e.place is not null then e.ended_at else (
           select min(start_at) from probe_run r where r.place = n.place and not r.is_late) end as closed_at,
         e.warmest, e.coldest
       from probe_alert a
       join probe_news n on n.probe_id = a.probe_id
       cross join lateral (select make_interval(mins => ${patienceMinutes('a')}) as patience) p
       left join probe_episode e on e.place = n.place and e.is_known and e.side = case a.kind when 'high' then 1 else -1 end
       where a.solution_id = :solutionId and a.kind in ('high', 'low') and a.closed_at is null
     ), settled as (
       update probe_alert a set closed_at = j.closed_at,
         escalated_at = case when j.is_impatient then j.impatient_at else a.escalated_at end,
         worst_value = case a.kind when 'high' then greatest(a.worst_value, j.warmest) else least(a.worst_value, j.coldest) end
       from judged j where j.id = a.id
       returning a.id, j.is_impatient, j.impatient_at, a.closed_at
     )
     insert into probe_event (alert_id, event, at)
     select id, 'escalated', impatient_at from settled where is_impatient
     union all
     select id, 'closed', closed_at from settled where closed_at is not null`,
    { solutionId },
  );
}

/** Episodes that last longer than the delay and of which no alert tells yet. */
async function openAlerts(db: Db, solutionId: number): Promise<void> {
  await db.raw(
    `with opened as (
       insert into probe_alert (solution_id, probe_id, kind, fridge_name, limit_value, delay_minutes, worst_value,
         since, opened_at, escalated_at, closed_at)
       select :solutionId, n.probe_id, k.kind, n.fridge_name, case e.side when 1 then n.temp_max else n.temp_min end,
         n.delay_minutes, case e.side when 1 then e.warmest else e.coldest end, e.since, e.since + delay,
         case when e.last_at - e.since > patience then e.since + patience end, e.ended_at
       from probe_episode e join probe_news n on n.place = e.place
       cross join lateral (select case e.side when 1 then 'high' else 'low' end as kind) k
       cross join lateral (select make_interval(mins => n.delay_minutes) as delay,
         make_interval(mins => ${patienceMinutes('n')}) as patience) d
       where e.side <> 0 and n.delay_minutes is not null and (e.last_at - e.since > delay or n.delay_minutes = 0)
         and not exists (
           select from probe_alert a where a.solution_id = :solutionId and a.probe_id = n.probe_id and a.kind = k.kind
             and a.since <= coalesce(e.ended_at, 'infinity') and coalesce(a.closed_at, 'infinity') > e.since)
       order by e.since
       returning id, opened_at, escalated_at, closed_at
     )
     ${eventsOfOpened}`,
    { solutionId },
  );
}

/**
 * From when to when each probe was heard of, by what is new and what was known: between two of its spans lies a silence.
 * Pieces that are no wider than the delay hold none, so it is enough to look at where they begin and end. What a worker
 * that knew no spans yet has heard counts as one.
 */
async function findHeardSpans(db: Db, solutionId: number, rows: string): Promise<void> {
  await db.raw(
    `create temporary table probe_span on commit drop as
     with heard as (
       select n.place, b.start_at, b.last_at from probe_bucket b join probe_news n on n.probe_id = b.probe_id
       where (not b.is_future or n.is_ahead) and not ${hasShortDelay}
       union all
       select n.place, min(measured_at), max(measured_at)
       from (${rows}) reading join probe_news n on n.probe_id = reading.probe_id
       where ${hasShortDelay} and measured_at is not null and (measured_at < ${believedUntil} or n.is_ahead)
       group by n.place, date_bin(make_interval(mins => n.signal_loss_minutes), measured_at, ${believedUntil})
       union all
       select n.place, lower(span), upper(span)
       from probe_news n join probe_state state on state.solution_id = :solutionId and state.probe_id = n.probe_id
       cross join lateral unnest(state.heard_spans) as span
       where n.is_ahead or lower(span) < ${believedUntil}
       union all
       select n.place, least(coalesce(upper(state.heard_spans), n.known_at), n.known_at), n.known_at
       from probe_news n join probe_state state on state.solution_id = :solutionId and state.probe_id = n.probe_id
       where n.known_at is not null
     ), preceded as (
       select *, max(last_at) over (
         partition by place order by start_at rows between unbounded preceding and 1 preceding) as silent_from
       from heard
     ), numbered as (
       select p.*, count(*) filter (where n.signal_loss_minutes > 0
         and start_at - silent_from > make_interval(mins => n.signal_loss_minutes)) over in_time as span
       from preceded p join probe_news n on n.place = p.place
       window in_time as (partition by p.place order by start_at rows unbounded preceding)
     )
     select place, min(start_at) as start_at, max(last_at) as last_at,
       lag(max(last_at)) over (partition by place order by span) as silent_from,
       row_number() over (partition by place order by span desc) as from_last
     from numbered group by place, span`,
    { solutionId },
  );
}

/** Its delay is shorter than the pieces in which the readings are gathered. */
const hasShortDelay = `n.signal_loss_minutes between 1 and ${bucketMinutes - 1}`;

/**
 * A reading that is newer than all before says that the probe is there again: the one that ends the silence of which the
 * alert tells, else the first. One that was sent before the alert and came after it says nothing of now.
 */
async function closeLostSignals(db: Db, solutionId: number, rows: string): Promise<void> {
  await db.raw(
    `with first as (
       select n.place, min(measured_at) as at
       from (${rows}) reading join probe_news n on n.probe_id = reading.probe_id
       where n.was_lost and measured_at <= n.newest_at and (n.known_at is null or measured_at > n.known_at)
       group by n.place
     ), closed as (
       update probe_alert a set closed_at = coalesce(silence.start_at, first.at)
       from probe_news n join first on first.place = n.place
       left join probe_alert lost on lost.solution_id = :solutionId and lost.probe_id = n.probe_id
         and lost.kind = 'signal-lost' and lost.closed_at is null
       left join probe_span silence on silence.place = n.place
         and silence.silent_from <= lost.opened_at and silence.start_at > lost.opened_at
       where a.id = lost.id and (n.newest_at >= a.opened_at or ${silentAt(heardAt, 'n')} > now())
       returning a.id, a.closed_at
     )
     insert into probe_event (alert_id, event, at) select id, 'closed', closed_at from closed`,
    { solutionId },
  );
}

/**
 * Silences that were over before we heard of them, each once: not what is left of one that late readings fill in part,
 * and none of which an alert tells that was opened while it lasted. Longer ones are taken for a clock that was set.
 */
async function openPastSilences(db: Db, solutionId: number): Promise<void> {
  await db.raw(
    `with silence as (
       select n.*, silent_from, start_at as heard_again_at, make_interval(mins => n.signal_loss_minutes) as delay
       from probe_span span join probe_news n on n.place = span.place
       left join probe_state state on state.solution_id = :solutionId and state.probe_id = n.probe_id
       where start_at - silent_from <= interval '${believedBehindDays} days'
         and (start_at < ${believedUntil}) = (silent_from < ${believedUntil})
         and (state.probe_id is null or not (
           tstzmultirange(range_merge(heard_spans)) - heard_spans @> tstzrange(silent_from, start_at, '()')))
     ), opened as (
       insert into probe_alert (solution_id, probe_id, kind, fridge_name, delay_minutes, since, opened_at, escalated_at,
         closed_at)
       select :solutionId, probe_id, 'signal-lost', fridge_name, signal_loss_minutes, silent_from, silent_from + delay,
         case when heard_again_at - silent_from > ${escalationFactor} * delay
           then silent_from + ${escalationFactor} * delay end,
         heard_again_at
       from silence s
       where not exists (
         select from probe_alert a where a.solution_id = :solutionId and a.probe_id = s.probe_id
           and a.kind = 'signal-lost' and a.since < s.heard_again_at and coalesce(a.closed_at, 'infinity') > s.silent_from)
       order by silent_from
       returning id, opened_at, escalated_at, closed_at
     )
     ${eventsOfOpened}`,
    { solutionId },
  );
}

/** What becomes known at once of alerts of the past: that they were opened, escalated, and closed. */
const eventsOfOpened = `insert into probe_event (alert_id, event, at)
     select id, 'opened', opened_at from opened
     union all
     select id, 'escalated', escalated_at from opened where escalated_at is not null
     union all
     select id, 'closed', closed_at from opened where closed_at is not null`;

/** By the probe's latest reading alone: a battery does not recover between two. */
async function judgeBatteries(db: Db, solutionId: number, rows: string): Promise<void> {
  await db.raw(
    `with level as (
       select n.probe_id, n.fridge_name, n.newest_at, min(reading.battery_percent) as percent
       from (${rows}) reading join probe_news n on n.probe_id = reading.probe_id and n.newest_at = reading.measured_at
       where n.has_battery_news and ${isOnTime} and reading.battery_percent is not null
       group by n.probe_id, n.fridge_name, n.newest_at
     ), judged as (
       select a.id, level.newest_at, level.percent, a.escalated_at is null and percent < ${battery.empty} as is_impatient,
         percent >= ${battery.well} as is_well
       from probe_alert a join level on level.probe_id = a.probe_id
       where a.solution_id = :solutionId and a.kind = 'low-battery' and a.closed_at is null
     ), settled as (
       update probe_alert a set worst_value = least(a.worst_value, percent),
         escalated_at = case when is_impatient then newest_at else a.escalated_at end,
         closed_at = case when is_well then newest_at end
       from judged j where j.id = a.id
       returning a.id, newest_at, is_impatient, is_well
     ), opened as (
       insert into probe_alert (solution_id, probe_id, kind, fridge_name, limit_value, delay_minutes, worst_value, since,
         opened_at, escalated_at)
       select :solutionId, probe_id, 'low-battery', fridge_name, ${battery.low}, 0, percent, newest_at, newest_at,
         case when percent < ${battery.empty} then newest_at end
       from level
       where percent < ${battery.low} and not exists (
         select from probe_alert a where a.solution_id = :solutionId and a.probe_id = level.probe_id
           and a.kind = 'low-battery' and a.closed_at is null)
       returning id, opened_at, escalated_at
     )
     insert into probe_event (alert_id, event, at)
     select id, 'opened', opened_at from opened
     union all
     select id, 'escalated', escalated_at from opened where escalated_at is not null
     union all
     select id, 'escalated', newest_at from settled where is_impatient
     union all
     select id, 'closed', newest_at from settled where is_well`,
    { solutionId },
  );
}

async function rememberProbes(db: Db, solutionId: number, isWatched: boolean): Promise<void> {
  await db.raw(
    `insert into probe_state as state (solution_id, probe_id, last_at, heard_at, silent_at, side, since, before_at)
     select :solutionId, n.probe_id, n.newest_at, heard_at, ${silentAt('heard_at', 'n')}, coalesce(e.side, n.side),
       case when e.place is null then n.since when e.side <> 0 then e.since end, coalesce(e.before_at, n.before_at)
     from probe_news n left join ${isWatched ? 'probe_episode' : noEpisodes} e on e.place = n.place and e.is_latest
     cross join lateral (select ${heardAt} as heard_at) h
     where ${isOnTime}
     order by n.probe_id
     on conflict (solution_id, probe_id) do update set last_at = excluded.last_at, heard_at = excluded.heard_at,
       silent_at = excluded.silent_at, is_lost = false, side = excluded.side, since = excluded.since,
       before_at = excluded.before_at`,
    { solutionId },
  );
  await db.raw(
    `update probe_state state set heard_spans = heard.spans
     from (
       select probe_id, range_agg(few) as spans
       from (
         select n.probe_id, tstzrange(min(start_at), max(last_at), '[]') as few
         from probe_span span join probe_news n on n.place = span.place
         group by n.probe_id, least(from_last, ${heardSpans})
       ) kept
       group by probe_id
     ) heard
     where state.solution_id = :solutionId and state.probe_id = heard.probe_id`,
    { solutionId },
  );
  if (!isWatched) return;
  await db.raw(
    `update probe_state state set since = e.since, before_at = e.before_at
     from probe_news n join probe_episode e on e.place = n.place and e.is_latest
     where state.solution_id = :solutionId and state.probe_id = n.probe_id and e.side <> 0 and not ${isOnTime}`,
    { solutionId },
  );
}

const noEpisodes = `(select 0 as place, 0 as side, cast(null as timestamptz) as since,
  cast(null as timestamptz) as before_at, true as is_latest where false)`;

/** Its own time, where that can be right. */
export const heardAt = `case when n.newest_at between now() - interval '${believedBehindDays} days' and now()
  then n.newest_at else now() end`;

/** How long an alert stays open before it is escalated. */
const patienceMinutes = (alias: string) => `${escalationFactor} * greatest(${alias}.delay_minutes, 1)`;

const isOnTime = `(n.known_at is null or n.newest_at > n.known_at)`;

/** No delay: it is never lost. */
export const silentAt = (heardAt: string, fridge: string) =>
  `case when ${fridge}.signal_loss_minutes = 0 then 'infinity'
     else ${heardAt} + make_interval(mins => coalesce(${fridge}.signal_loss_minutes, ${probeAlertLimits.signalLossMinutes})) end`;
