import type { Db } from '../../shared/db/database';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { isOnTime } from './probe-sql';

const { battery } = probeAlertLimits;

/** Only uses the latest reading of a probe, because a battery does not recover between two readings. */
export async function judgeBatteries(db: Db, solutionId: number, rows: string): Promise<void> {
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
