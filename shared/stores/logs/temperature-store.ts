import type { Db } from '../../db/database';

/** A probe that the manager knows, and its fridge. */
export interface Probe {
  readonly probeId: string;
  /** Null: in no fridge. */
  readonly fridgeName: string | null;
  /** °C; null: no such limit. */
  readonly min: number | null;
  readonly max: number | null;
  readonly lastAt: Date | null;
  /** °C. */
  readonly lastTemperature: number | null;
  /**
   * The time of the reading since which it has been outside its limits. Null: it is within them, or there are no
   * limits.
   */
  readonly outsideSince: Date | null;
  /** It has been too warm or too cold for longer than its delay. */
  readonly isInAlert: boolean;
}

/** Readings of one piece of time. */
export interface TemperatureBucket {
  /** Its beginning, in seconds since 1970. */
  readonly at: number;
  /** °C. */
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

export interface DayOfTemperatures {
  /** `YYYY-MM-DD`, in the solution's time zone. */
  readonly day: string;
  readonly readings: number;
  readonly outside: number;
  /** °C. */
  readonly low: number;
  readonly mean: number;
  readonly high: number;
}

export interface ProbeRange {
  readonly solutionId: number;
  readonly probeId: string;
  readonly from: Date;
  readonly to: Date;
}

export type TemperatureStore = ReturnType<typeof createTemperatureStore>;

/**
 * Ids grow with time, and the key of the table is (solution, id): so the ids of a range of time are found by binary
 * search, in about twenty index look-ups. The cost of a chart of one week does not grow with the years that are stored.
 * A reading that arrived much later than it was taken (a wrong clock) is in the list of readings but not in the chart.
 */
const idsWithin = `
  recursive edges as (
    select min(id) as low, max(id) as high from tbsondes where solution_id = :solutionId
  ), first_of as (
    select low, high, 0 as step from edges
    union all
    select case when m.measured_at < cast(:from as timestamptz) then m.id else f.low end,
      case when m.measured_at < cast(:from as timestamptz) then f.high else f.low + (f.high - f.low) / 2 end, f.step + 1
    from first_of f, lateral (
      select id, measured_at from tbsondes
      where solution_id = :solutionId and id >= f.low + (f.high - f.low) / 2 order by id limit 1
    ) m where f.high - f.low > 1 and f.step < 60
  ), last_of as (
    select low, high, 0 as step from edges
    union all
    select case when m.measured_at < cast(:to as timestamptz) then m.id else l.low end,
      case when m.measured_at < cast(:to as timestamptz) then l.high else l.low + (l.high - l.low) / 2 end, l.step + 1
    from last_of l, lateral (
      select id, measured_at from tbsondes
      where solution_id = :solutionId and id >= l.low + (l.high - l.low) / 2 order by id limit 1
    ) m where l.high - l.low > 1 and l.step < 60
  ), bounds as materialized (
    select (select low from first_of order by step desc limit 1) - 2000 as first_id,
      (select high from last_of order by step desc limit 1) + 2000 as last_id
  ), within as (
    select r.measured_at, r.temperature from bounds, tbsondes r
    where r.solution_id = :solutionId and r.id between bounds.first_id and bounds.last_id
      and r.probe_id = :probeId and r.temperature is not null
      and r.measured_at >= cast(:from as timestamptz) and r.measured_at < cast(:to as timestamptz)
  )`;

/** Temperatures of probes, for charts. */
export function createTemperatureStore(db: Db) {
  return {
    /** By the names of their fridges. */
    async probes(solutionId: number): Promise<Probe[]> {
      const result = await db.raw<{ rows: Probe[] }>(
        `with fridge as (
           select fields ->> 'ProbeId' as probe_id, min(fields ->> 'Name') as name,
             min(cast(fields ->> 'TempMin' as double precision)) as low,
             min(cast(fields ->> 'TempMax' as double precision)) as high
           from param
           where solution_id = :solutionId and class = 'Fridges' and is_active and coalesce(fields ->> 'ProbeId', '') <> ''
           group by fields ->> 'ProbeId'
         ), heard as (
           select probe_id, last_at, since from probe_state where solution_id = :solutionId
         )
         select coalesce(h.probe_id, f.probe_id) as "probeId", f.name as "fridgeName", f.low as "min", f.high as "max",
           h.last_at as "lastAt", last.temperature as "lastTemperature", h.since as "outsideSince",
           exists (
             select from probe_alert a where a.solution_id = :solutionId and a.closed_at is null
               and a.kind in ('high', 'low') and a.probe_id = coalesce(h.probe_id, f.probe_id)
           ) as "isInAlert"
         from heard h full join fridge f on f.probe_id = h.probe_id
         left join lateral (
           select temperature from (
             select id, probe_id, temperature from tbsondes where solution_id = :solutionId order by id desc limit 500
           ) recent where recent.probe_id = h.probe_id order by id desc limit 1
         ) last on true
         order by f.name nulls last, 1`,
        { solutionId },
      );
      return result.rows;
    },

    async buckets(
      { solutionId, probeId, from, to }: ProbeRange,
      seconds: number,
    ): Promise<TemperatureBucket[]> {
      const result = await db.raw<{ rows: TemperatureBucket[] }>(
        `with ${idsWithin}
         select (floor(extract(epoch from measured_at) / :seconds) * :seconds)::float8 as "at",
           min(temperature) as low, avg(temperature) as mean, max(temperature) as high
         from within group by 1 order by 1`,
        { solutionId, probeId, from, to, seconds },
      );
      return result.rows;
    },

    /** `low`, `high`: the limits, null where there is none. */
    async days(
      { solutionId, probeId, from, to }: ProbeRange,
      limits: { readonly min: number | null; readonly max: number | null },
      timezone: string,
    ): Promise<DayOfTemperatures[]> {
      const result = await db.raw<{ rows: DayOfTemperatures[] }>(
        `with ${idsWithin}
         select to_char(measured_at at time zone :timezone, 'YYYY-MM-DD') as day, count(*)::int as readings,
           count(*) filter (where temperature > cast(:max as float8) or temperature < cast(:min as float8))::int as outside,
           min(temperature) as low, avg(temperature) as mean, max(temperature) as high
         from within group by 1 order by 1 desc`,
        { solutionId, probeId, from, to, timezone, ...limits },
      );
      return result.rows;
    },
  };
}
