import { probeAlertLimits } from '../../shared/domain/probe-alert';

// Parts of statements that several steps of the judgement share. `n` is the probe's row in `probe_news`.

const { believedAheadMinutes, believedBehindDays, escalationFactor, signalLossMinutes } = probeAlertLimits;

/** A later time comes from a wrong clock. */
export const believedUntil = `now() + interval '${believedAheadMinutes} minutes'`;

/** The length of the pieces. */
export const bucketMinutes = 180;
/** The piece of a reading. A piece is completely before or completely after the limit of believed times. */
export const bucket = `date_bin(make_interval(mins => ${bucketMinutes}), measured_at, ${believedUntil})`;

/** Its own time, if it is plausible. */
export const heardAt = `case when n.newest_at between now() - interval '${believedBehindDays} days' and now()
  then n.newest_at else now() end`;

/** How long an alert stays open before it is escalated. */
export const patienceMinutes = (alias: string) => `${escalationFactor} * greatest(${alias}.delay_minutes, 1)`;

/** True if the reading did not arrive late. */
export const isOnTime = `(n.known_at is null or n.newest_at > n.known_at)`;

/** When a probe that was last heard at `heardAt` counts as lost. Without a delay it is never lost. */
export const silentAt = (heardAt: string, fridge: string) =>
  `case when ${fridge}.signal_loss_minutes = 0 then 'infinity'
     else ${heardAt} + make_interval(mins => coalesce(${fridge}.signal_loss_minutes, ${signalLossMinutes})) end`;

/** The events of an alert in the past, which become known at once: opened, escalated and closed. */
export const eventsOfOpened = `insert into probe_event (alert_id, event, at)
     select id, 'opened', opened_at from opened
     union all
     select id, 'escalated', escalated_at from opened where escalated_at is not null
     union all
     select id, 'closed', closed_at from opened where closed_at is not null`;
