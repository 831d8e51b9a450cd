import type { Db } from '../../db/database';
import { idsMeasured, idWithin } from '../../db/log-span';

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

const [from, to] = ['cast(:from as timestamptz)', 'cast(:to as timestamptz)'];

/** The cost of a chart of one week does not grow with the years that are stored. */
const readingsWithin = `
  within as (
    select r.measured_at, r.temperature
    from unnest(${idsMeasured({ span: 'day' }, { from, to })}) as part
    cross join lateral (
      select measured_at, temperature from tbsondes
      where solution_id = :solutionId and ${idWithin('part')} and probe_id = :probeId and temperature is not null
        and measured_at >= ${from} and measured_at < ${to} offset 0
    ) r
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

    async buckets(range: ProbeRange, seconds: number): Promise<TemperatureBucket[]> {
      const bindings = { ...range, table: 'tbsondes' };
      const result = await db.raw<{ rows: TemperatureBucket[] }>(
        `with ${readingsWithin}
         select (floor(extract(epoch from measured_at) / :seconds) * :seconds)::float8 as "at",
           min(temperature) as low, avg(temperature) as mean, max(temperature) as high
         from within group by 1 order by 1`,
        { ...bindings, seconds },
      );
      return result.rows;
    },

    /** `low`, `high`: the limits, null where there is none. */
    async days(
      range: ProbeRange,
      limits: { readonly min: number | null; readonly max: number | null },
      timezone: string,
    ): Promise<DayOfTemperatures[]> {
      const bindings = { ...range, table: 'tbsondes' };
      const result = await db.raw<{ rows: DayOfTemperatures[] }>(
        `with ${readingsWithin}
         select to_char(measured_at at time zone :timezone, 'YYYY-MM-DD') as day, count(*)::int as readings,
           count(*) filter (where temperature > cast(:max as float8) or temperature < cast(:min as float8))::int as outside,
           min(temperature) as low, avg(temperature) as mean, max(temperature) as high
         from within group by 1 order by 1 desc`,
        { ...bindings, timezone, ...limits },
      );
      return result.rows;
    },
  };
}
