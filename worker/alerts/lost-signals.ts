import type { Db } from '../../shared/db/database';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { believedUntil, bucketMinutes, eventsOfOpened, heardAt, silentAt } from './probe-sql';

const { believedBehindDays, escalationFactor } = probeAlertLimits;

/**
 * From when to when each probe was heard of, by what is new and what was known: between two of its spans lies a
 * silence. Pieces that are no wider than the delay hold none, so it is enough to look at where they begin and end. What
 * an earlier version recorded, without spans, counts as one span.
 */
export async function findHeardSpans(db: Db, solutionId: number, rows: string): Promise<void> {
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
 * A reading that is newer than all earlier ones shows that the probe is back: the one that ends the silence of the
 * alert, or else the first one. A reading that was taken before the alert but arrived after it shows nothing.
 */
export async function closeLostSignals(db: Db, solutionId: number, rows: string): Promise<void> {
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
 * Silences that had ended before we learnt of them, each once. Not the rest of a silence that late readings have partly
 * filled, and not a silence for which an alert was opened while it lasted. Longer ones count as a clock that was set.
 */
export async function openPastSilences(db: Db, solutionId: number): Promise<void> {
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
