import type { Db } from '../../shared/db/database';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { heardAt, isOnTime, silentAt } from './probe-sql';

const { heardSpans } = probeAlertLimits;

/** Stores what the next readings of these probes are judged by. */
export async function rememberProbes(db: Db, solutionId: number, isWatched: boolean): Promise<void> {
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
