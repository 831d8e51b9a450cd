import type { Db } from '../../shared/db/database';
import { eventsOfOpened, patienceMinutes } from './probe-sql';

/** Updates open alerts about temperatures. If the limits were removed, the next reading closes the alert. */
export async function settleOpenAlerts(db: Db, solutionId: number): Promise<void> {
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

/** Opens alerts for episodes that last longer than the delay and have no alert yet. */
export async function openAlerts(db: Db, solutionId: number): Promise<void> {
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
