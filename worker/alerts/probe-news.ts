import type { Db } from '../../shared/db/database';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { believedUntil, bucket } from './probe-sql';
import { fridgesOf } from './probe-fridges';

const { battery } = probeAlertLimits;

/** Readings that have not been judged yet. */
export interface ReadingsSource {
  /** SQL that reads these columns of theirs, from the log's index alone. */
  select(columns: readonly string[]): string;
}

/**
 * Groups the readings of each probe into pieces of some hours. Most pieces are completely on one side of the limits.
 * Then only the piece must be looked at, and a large upload needs no sorting.
 */
export async function gatherReadings(db: Db, rows: string): Promise<void> {
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

/** What must be done. */
interface News {
  readonly isWatched: boolean;
  readonly isHeardAgain: boolean;
  readonly hasBatteryNews: boolean;
}

/**
 * One row per probe that sent something: what it sent at most, its fridge's limits, what was known of it before.
 * Readings from the future are ignored if the probe has others, because one wrong time would make all later readings
 * late.
 */
export async function findNews(db: Db, solutionId: number): Promise<News> {
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
