import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db/database';
import { prepared } from '../../shared/db/prepared';
import { readingsSubjectOf } from '../../shared/domain/new-readings';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { fridgesOf } from './probe-fridges';
import { believedUntil, heardAt, silentAt } from './probe-sql';

/** Readings that a file added to the log, in the transaction that adds them. */
export interface AddedReadings {
  readonly count: number;
  /** All above this id are new. */
  readonly aboveId: bigint;
  /** SQL that reads the ids of the new ones below it. Null: there are none. */
  readonly lateIds: string | null;
}

/**
 * Makes sure that new readings are judged. If none of them can open, escalate or close an alert, as in nearly every
 * upload, the states of the probes are updated at once. Otherwise a job is added: the kitchen does not wait for it, and
 * its messages are sent on another channel.
 */
export async function noteReadings(db: Db, solutionId: number, added: AddedReadings): Promise<void> {
  const mayBeQuiet = added.lateIds === null && added.count <= mostJudgedAtOnce;
  if (mayBeQuiet && (await takeQuietReadings(db, solutionId, added.aboveId))) return;
  await askForJudging(db, solutionId, added);
}

/** A larger number is a first upload, or one after weeks. Reading it twice would cost more than the job. */
const mostJudgedAtOnce = 2_000;

/**
 * Brings the probes' states up to date by readings that are all later than what was known, in time, within their
 * limits, and without a silence or a low battery among them. A probe may be new. False: nothing was done, because a
 * reading must be judged, or earlier readings still wait for it.
 */
async function takeQuietReadings(db: Db, solutionId: number, aboveId: bigint): Promise<boolean> {
  const subjects = readingsSubjectOf(solutionId, '');
  const [verdict] = await takeQuiet(db, { solutionId, aboveId: String(aboveId), subjects });
  return verdict?.isQuiet === true;
}

// The id is in a subquery, so that the plan does not depend on it and can be kept. Because of the limit, the plan reads the
// primary key of the log, however large the log is.
const takeQuiet = prepared<
  { isQuiet: boolean },
  { readonly solutionId: number; readonly aboveId: string; readonly subjects: string }
>(
  'take_quiet_readings',
  `with heard as materialized (
       select probe_id, min(measured_at) as oldest_at, max(measured_at) as newest_at, max(temperature) as warmest,
         min(temperature) as coldest, min(battery_percent) as lowest_battery
       from (
         select * from tbsondes where solution_id = :solutionId and id > (select cast(:aboveId as bigint))
         order by id limit ${mostJudgedAtOnce}
       ) fresh
       where measured_at is not null
       group by probe_id having octet_length(probe_id) <= 200
     ), known as materialized (
       select * from probe_state where solution_id = :solutionId and probe_id in (select probe_id from heard)
       order by probe_id for no key update
     ), n as materialized (
       select heard.probe_id, heard.newest_at, coalesce(known.last_at, heard.oldest_at) as from_at, known.probe_id is null as is_new,
         loss.signal_loss_minutes,
         (known.probe_id is null or known.side = 0 and not known.is_lost and heard.oldest_at > known.last_at)
           and heard.newest_at < ${believedUntil} and loss.signal_loss_minutes > 0
           and heard.newest_at - coalesce(known.last_at, heard.oldest_at) <= make_interval(mins => loss.signal_loss_minutes)
           and coalesce(warmest <= temp_max, true) and coalesce(coldest >= temp_min, true)
           and coalesce(lowest_battery >= ${probeAlertLimits.battery.low}, true)
           and not exists (select from probe_alert a
             where a.solution_id = :solutionId and a.probe_id = heard.probe_id and a.closed_at is null) as is_quiet
       from heard left join known on known.probe_id = heard.probe_id
       left join (${fridgesOf(':solutionId')}) fridge on fridge.probe_id = heard.probe_id
       cross join lateral (
         select coalesce(fridge.signal_loss_minutes, ${probeAlertLimits.signalLossMinutes}) as signal_loss_minutes) loss
     ), verdict as materialized (
       select coalesce(bool_and(is_quiet is true), true) and not exists (select from job
         where kind = 'alerts.judge-readings' and starts_with(subject, :subjects)
           and state in ('queued', 'running')) as is_quiet
       from n
     ), remembered as (
       update probe_state state set last_at = n.newest_at, heard_at = ${heardAt}, silent_at = ${silentAt(heardAt, 'n')},
         heard_spans = coalesce(state.heard_spans, '{}') + tstzmultirange(tstzrange(
           least(coalesce(upper(state.heard_spans), n.from_at), n.from_at), n.newest_at, '[]'))
       from n where not n.is_new and (select is_quiet from verdict) and state.solution_id = :solutionId and state.probe_id = n.probe_id
     ), met as (
       insert into probe_state (solution_id, probe_id, last_at, heard_at, silent_at, side, heard_spans)
       select cast(:solutionId as int), n.probe_id, n.newest_at, ${heardAt}, ${silentAt(heardAt, 'n')}, 0,
         tstzmultirange(tstzrange(n.from_at, n.newest_at, '[]'))
       from n where n.is_new and (select is_quiet from verdict)
     )
     select is_quiet as "isQuiet" from verdict`,
);

async function askForJudging(db: Db, solutionId: number, { aboveId, lateIds }: AddedReadings): Promise<void> {
  const late =
    lateIds === null
      ? `'{}'`
      : `(select coalesce(array_agg(id::text), '{}') from (${lateIds}) late where id <= :aboveId)`;
  await createJobStore(db).addFrom(
    'alerts.judge-readings',
    `select :subject as subject, jsonb_build_object('aboveId', cast(:aboveId as text), 'lastId', cast(max(id) as text),
       'lateIds', to_jsonb(cast(${late} as text[]))) as detail
     from tbsondes where solution_id = :solutionId having max(id) is not null`,
    { solutionId, subject: readingsSubjectOf(solutionId, randomUUID()), aboveId: String(aboveId) },
  );
}
