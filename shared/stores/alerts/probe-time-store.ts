import type { Db } from '../../db/database';

/** A time that is kept of a reading of a probe. */
export interface ProbeTime {
  readonly probeId: string;
  readonly at: Date;
}

/** The time of a reading before and after it was read again. */
export interface MovedProbeTime extends ProbeTime {
  readonly moved: Date;
}

/** Times that are kept of readings of probes, for readings that were read again in another time zone. */
export function createProbeTimeStore(db: Db) {
  return {
    /** No other transaction judges alerts of the solution before this one ends. */
    async lock(solutionId: number): Promise<void> {
      await db('solution').where({ id: solutionId }).forNoKeyUpdate().select('id');
    },

    /** Those of what is known of each probe, and of its open alerts. */
    async kept(solutionId: number): Promise<ProbeTime[]> {
      const { rows } = await db.raw<{ rows: ProbeTime[] }>(
        `select probe_id as "probeId", at from probe_state cross join lateral (values (last_at), (since), (before_at)) as own (at)
         where solution_id = :solutionId and at is not null
         union
         select probe_id, since from probe_alert where solution_id = :solutionId and closed_at is null`,
        { solutionId },
      );
      return rows;
    },

    /**
     * Moves those that are no reading's time any more to where there is one. Again: nothing happens. Looks at the latest
     * readings only.
     */
    async move(solutionId: number, times: readonly MovedProbeTime[]): Promise<void> {
      await db.raw(
        `create temporary table moved_time on commit drop as
         with asked as (
           select * from jsonb_to_recordset(cast(:times as jsonb)) as given ("probeId" text, at timestamptz, moved timestamptz)
         ), recent as (
           select probe_id, measured_at from tbsondes where solution_id = :solutionId order by id desc limit ${recentReadings}
         ), found as (
           select asked."probeId" as probe_id, asked.at, asked.moved, bool_or(recent.measured_at = asked.at) as is_reading
           from asked cross join lateral (values (asked.at), (asked.moved)) as either (at)
           join recent on recent.probe_id = asked."probeId" and recent.measured_at = either.at
           group by asked."probeId", asked.at, asked.moved
         )
         select distinct on (probe_id, at) probe_id, at, moved, moved - at as by from found
         where not is_reading and moved <> at order by probe_id, at, moved`,
        { solutionId, times: JSON.stringify(times) },
      );
      await moveStates(solutionId);
      await db.raw(
        `update probe_alert a set since = m.moved, opened_at = a.opened_at + m.by, escalated_at = a.escalated_at + m.by
         from moved_time m
         where a.solution_id = :solutionId and a.closed_at is null and m.probe_id = a.probe_id and m.at = a.since`,
        { solutionId },
      );
      await db.raw('drop table moved_time');
    },
  };

  /** A probe that was heard later than was thought is silent later; it is never silent earlier than it was. */
  async function moveStates(solutionId: number): Promise<void> {
    await db.raw(
      `update probe_state state
       set last_at = coalesce(known.last_at, state.last_at), since = coalesce(known.since, state.since),
         before_at = coalesce(known.before_at, state.before_at), heard_at = known.heard_at,
         silent_at = state.silent_at + (known.heard_at - state.heard_at),
         is_lost = state.is_lost and state.silent_at + (known.heard_at - state.heard_at) < now(),
         heard_spans = coalesce(known.spans, state.heard_spans)
       from (
         select s.probe_id, last.moved as last_at, since.moved as since, before.moved as before_at,
           case when last.moved is null then s.heard_at else greatest(s.heard_at, least(now(), last.moved)) end as heard_at,
           case when last.moved is not null then (
             select coalesce(range_agg(tstzrange(lower(span) + last.by, upper(span) + last.by, '[]')), '{}')
             from unnest(s.heard_spans) as span) end as spans
         from probe_state s
         left join moved_time last on last.probe_id = s.probe_id and last.at = s.last_at
         left join moved_time since on since.probe_id = s.probe_id and since.at = s.since
         left join moved_time before on before.probe_id = s.probe_id and before.at = s.before_at
         where s.solution_id = :solutionId
       ) known
       where state.solution_id = :solutionId and state.probe_id = known.probe_id`,
      { solutionId },
    );
  }
}

/** About the readings of some weeks of a kitchen. */
const recentReadings = 200_000;
