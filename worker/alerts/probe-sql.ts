import { probeAlertLimits } from '../../shared/domain/probe-alert';

// Parts of statements that several steps of the judgement share. `n` is the probe's row in `probe_news`.

const { believedAheadMinutes, believedBehindDays, escalationFactor, signalLossMinutes } = probeAlertLimits;

/** What is of later than that has a clock that is wrong. */
export const believedUntil = `now() + interval '${believedAheadMinutes} minutes'`;

/** The readings are gathered in pieces of so long. */
export const bucketMinutes = 180;
/** In which piece a reading lies. A piece lies before that time or after it, never both. */
export const bucket = `date_bin(make_interval(mins => ${bucketMinutes}), measured_at, ${believedUntil})`;

/** Its own time, where that can be right. */
export const heardAt = `case when n.newest_at between now() - interval '${believedBehindDays} days' and now()
  then n.newest_at else now() end`;

/** How long an alert stays open before it is escalated. */
export const patienceMinutes = (alias: string) => `${escalationFactor} * greatest(${alias}.delay_minutes, 1)`;

/** It is no reading that came late. */
export const isOnTime = `(n.known_at is null or n.newest_at > n.known_at)`;

/** When a probe that was last heard at `heardAt` counts as lost. Without a delay it is never lost. */
export const silentAt = (heardAt: string, fridge: string) =>
  `case when ${fridge}.signal_loss_minutes = 0 then 'infinity'
     else ${heardAt} + make_interval(mins => coalesce(${fridge}.signal_loss_minutes, ${signalLossMinutes})) end`;

/** What becomes known at once of alerts of the past: that they were opened, escalated, and closed. */
export const eventsOfOpened = `insert into probe_event (alert_id, event, at)
     select id, 'opened', opened_at from opened
     union all
     select id, 'escalated', escalated_at from opened where escalated_at is not null
     union all
     select id, 'closed', closed_at from opened where closed_at is not null`;
