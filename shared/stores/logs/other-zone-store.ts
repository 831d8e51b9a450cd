import { findLogTable, type LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import type { OtherZoneReadings, ZoneRequest } from '../../domain/other-zone-readings';
import { idWithin } from '../../db/log-span';

/** A reading whose times were read in another time zone. */
export interface OtherZoneRow {
  readonly id: string;
  /** The load that brought it. */
  readonly arrival: string;
  /** In which its times were read. */
  readonly timezone: string;
  /** The probe, the fridge; empty where the log has one series only. */
  readonly series: string;
  /** Milliseconds since 1970, in the order of the log's columns of time; null where it has none. */
  readonly times: readonly (number | null)[];
}

interface LogOfSolution {
  readonly solutionId: number;
  readonly table: LogTable;
}

export type OtherZoneStore = ReturnType<typeof createOtherZoneStore>;

/**
 * Readings that were read in another time zone than their solution has now. Each load of a log file records its zone,
 * and whether its times had an offset.
 */
export function createOtherZoneStore(db: Db) {
  return {
    /**
     * Counts them. Names that are not time zones are not checked. Reads each of them from the index; costs a look-up
     * where the zone was never changed.
     */
    async count(solutionId: number): Promise<OtherZoneReadings> {
      const { rows } = await db.raw<{ rows: { timezone: string; tables: string[] | null }[] }>(
        `select s.timezone, (
           select array_agg(distinct a.table_name) from log_arrival a
           where a.solution_id = s.id and ${standsElsewhere('s.timezone')}
             and exists (select from solution_old_zone o where o.solution_id = s.id)
         ) as tables from solution s where s.id = :solutionId`,
        { solutionId },
      );
      const [solution] = rows;
      const timezone = solution?.timezone ?? 'UTC';
      const readable = new Map<string, bigint>();
      let unreadable = 0n;
      for (const name of solution?.tables ?? []) {
        for (const part of await countOf(solutionId, name, timezone)) {
          if (part.timezone === null) unreadable += part.readings;
          else readable.set(part.timezone, (readable.get(part.timezone) ?? 0n) + part.readings);
        }
      }
      const zones = [...readable].filter(([, readings]) => readings > 0n);
      return {
        timezone,
        readable: zones.sort().map(([zone, readings]) => ({ timezone: zone, readings })),
        unreadable,
        request: await findRequest(solutionId),
      };
    },

    /** Requests that all of them are read in the solution's zone. The caller adds the job that does it. */
    async ask(solutionId: number, askedBy: string): Promise<void> {
      await db.raw(
        `insert into log_zone_request (solution_id, timezone, asked_by)
         select id, timezone, :askedBy from solution where id = :solutionId
         on conflict (solution_id) do update
         set timezone = excluded.timezone, asked_by = excluded.asked_by, asked_at = now(), old_zones = '{}', readings = 0
         where log_zone_request.timezone <> excluded.timezone`,
        { solutionId, askedBy },
      );
    },

    /** The next solution with such a request, after the given one. Null: there is none. */
    async nextAsked(afterSolution: number): Promise<number | null> {
      const row = await db<RequestRow>('log_zone_request')
        .where('solution_id', '>', afterSolution)
        .orderBy('solution_id')
        .first('solution_id');
      return row?.solution_id ?? null;
    },

    /** The requested zone, if the solution still has it. Null: nothing is to be read again. */
    async zoneAsked(solutionId: number): Promise<string | null> {
      const { rows } = await db.raw<{ rows: { timezone: string }[] }>(
        `select r.timezone from log_zone_request r join solution s on s.id = r.solution_id and s.timezone = r.timezone
         where r.solution_id = ?`,
        [solutionId],
      );
      return rows[0]?.timezone ?? null;
    },

    /**
     * The logs with readings in other zones, and these zones. Readings with an offset or without a known zone are left
     * out.
     */
    async logs(solutionId: number): Promise<{ table: LogTable; zones: string[] }[]> {
      const { rows } = await db.raw<{ rows: { table_name: string; zones: string[] }[] }>(
        `select a.table_name, array_agg(distinct a.timezone order by a.timezone) as zones
         from log_arrival a join solution s on s.id = a.solution_id
         where a.solution_id = ? and a.time_form = 'local' and a.timezone <> s.timezone
         group by a.table_name order by a.table_name`,
        [solutionId],
      );
      return rows.flatMap(({ table_name: name, zones }) => {
        const table = findLogTable(name);
        return table === undefined ? [] : [{ table, zones }];
      });
    },

    /**
     * The first rows in the order of arrival, at most `limit`. Needs the log's lock. A row belongs to a load only if it
     * is not younger than the load: later rows between its ids belong to another load.
     */
    async rows(log: LogOfSolution, zones: readonly string[], limit: number): Promise<OtherZoneRow[]> {
      const { solutionId, table } = log;
      const times = timeColumnsOf(table).map((column) => `extract(epoch from ${column})::float8 * 1000`);
      const series = table.columns.find(({ name }) => name === table.series)?.column;
      const { rows } = await db.raw<{ rows: OtherZoneRow[] }>(
        `with due as materialized (${dueLoads})
         select log.id::text, due.arrival::text, due.timezone, log.series, log.times
         from due cross join lateral unnest(due.ids) as part
         cross join lateral (
           select id, ${series === undefined ? "''" : `coalesce(${series}, '')`} as series, array[${times.join(', ')}] as times
           from ${table.table}
           where solution_id = :solutionId and ${idWithin('part')}
             and received_at <= due.received_at
           order by id limit :limit
         ) log limit :limit`,
        { solutionId, table: table.table, zones: [...zones], limit },
      );
      return rows;
    },

    /** Sets new times, in the order of the log's time columns. */
    async setTimes(log: LogOfSolution, rows: readonly Pick<OtherZoneRow, 'id' | 'times'>[]): Promise<void> {
      const columns = timeColumnsOf(log.table);
      const set = columns.map(
        (column, place) => `${column} = to_timestamp(nullif(anew.t${place}, 'NaN') / 1000)`,
      );
      const names = columns.map((_column, place) => `t${place}`);
      const given = columns.map(() => 'cast(? as float8[])');
      const values = columns.map((_column, place) => rows.map(({ times }) => times[place] ?? NaN));
      await db.raw(
        `update ${log.table.table} log set ${set.join(', ')}
         from unnest(cast(? as bigint[]), ${given.join(', ')}) as anew (id, ${names.join(', ')})
         where log.solution_id = ? and log.id = anew.id`,
        [rows.map(({ id }) => id), ...values, log.solutionId],
      );
    },

    /**
     * Makes the rows a new load, read in the solution's zone, so that readers that read by arrival get them again.
     * Their old loads keep only the ids after the last of these rows. Returns the number of changed loads.
     */
    async moveToNewLoad(log: LogOfSolution, moved: MovedRows): Promise<number> {
      const changed = await shortenLoads(log, moved);
      if (moved.rows.length > 0) await addLoad(log, moved);
      return changed;
    },

    /** Ends the request and returns what was done. Null: there was no request. */
    async endRequest(solutionId: number): Promise<(ZoneRequest & { oldZones: readonly string[] }) | null> {
      const [row] = await db<RequestRow>('log_zone_request').where({ solution_id: solutionId }).delete('*');
      return row === undefined ? null : { ...requestFrom(row), oldZones: row.old_zones };
    },
  };

  async function shortenLoads(log: LogOfSolution, { rows, zones, isAll }: MovedRows): Promise<number> {
    const bindings = { solutionId: log.solutionId, table: log.table.table, zones: [...zones] };
    const last = rows.at(-1);
    const gone = await db.raw<{ rowCount: number }>(
      `delete from log_arrival a using (${dueLoads}) due
       where a.solution_id = :solutionId and a.table_name = :table and a.arrival = due.arrival
         and (:isAll or a.arrival < :arrival)`,
      { ...bindings, isAll, arrival: last?.arrival ?? null },
    );
    if (isAll || last === undefined) return gone.rowCount;
    const left = last.id === topId ? `'{}'` : `ids * int8multirange(int8range(:lastId, null, '()'))`;
    const shortened = await db.raw<{ rowCount: number }>(
      `update log_arrival set ids = ${left}
       where solution_id = :solutionId and table_name = :table and arrival = :arrival`,
      { ...bindings, arrival: last.arrival, lastId: last.id },
    );
    return gone.rowCount + shortened.rowCount;
  }

  async function addLoad({ solutionId, table }: LogOfSolution, { rows, timezone }: MovedRows): Promise<void> {
    await db.raw(
      `insert into log_arrival (solution_id, table_name, ids, timezone, time_form)
       select :solutionId, :table, range_agg(int8range(id, case when id < ${topId} then id + 1 end)), :timezone, 'local'
       from unnest(cast(:ids as bigint[])) as id`,
      { solutionId, table: table.table, timezone, ids: rows.map(({ id }) => id) },
    );
    await db.raw(
      `update log_zone_request set readings = readings + :readings,
         old_zones = array(select distinct zone from unnest(old_zones || cast(:from as text[])) as zone order by zone)
       where solution_id = :solutionId`,
      { solutionId, readings: rows.length, from: [...new Set(rows.map((row) => row.timezone))] },
    );
  }

  /** `timezone` null: they cannot be read again. */
  async function countOf(
    solutionId: number,
    name: string,
    timezone: string,
  ): Promise<{ timezone: string | null; readings: bigint }[]> {
    const table = findLogTable(name)?.table;
    if (table === undefined) return [];
    const { rows } = await db.raw<{ rows: { timezone: string | null; readings: string }[] }>(
      `select case when a.time_form = 'local' then a.timezone end as timezone, sum(found.readings)::text as readings
       from log_arrival a cross join lateral unnest(a.ids) as part
       cross join lateral (
         select count(*) as readings from ${table}
         where solution_id = :solutionId and ${idWithin('part')}
           and (received_at is null or received_at <= a.received_at)
       ) found
       where a.solution_id = :solutionId and a.table_name = :name and ${standsElsewhere(':timezone')}
       group by 1`,
      { solutionId, name, timezone },
    );
    return rows.map((row) => ({
      timezone: row.timezone,
      readings: BigInt(row.readings),
    }));
  }

  async function findRequest(solutionId: number): Promise<ZoneRequest | null> {
    const row = await db<RequestRow>('log_zone_request').where({ solution_id: solutionId }).first();
    return row === undefined ? null : requestFrom(row);
  }
}

interface MovedRows {
  /** In the order in which they came. */
  readonly rows: readonly OtherZoneRow[];
  /** The zone in which they are read now. */
  readonly timezone: string;
  /** The zones in which they were read before, as given to `rows`. */
  readonly zones: readonly string[];
  /** True: these loads contain no further rows. */
  readonly isAll: boolean;
}

interface RequestRow {
  solution_id: number;
  timezone: string;
  asked_by: string;
  asked_at: Date;
  old_zones: string[];
  readings: string;
}

const requestFrom = (row: RequestRow): ZoneRequest => ({
  timezone: row.timezone,
  askedBy: row.asked_by,
  askedAt: row.asked_at,
  readings: BigInt(row.readings),
});

/**
 * SQL about the load `a`: it was read in another zone than this one, or in an unknown zone. A load whose times all had
 * an offset was read in no zone.
 */
const standsElsewhere = (timezone: string) =>
  `(a.timezone is null or a.timezone <> ${timezone} and a.time_form in ('local', 'mixed'))`;

/** Small loads are handled together. Rows that are no longer stored cost nothing. */
const dueLoads = `select arrival, received_at, ids, timezone from log_arrival
  where solution_id = :solutionId and table_name = :table and time_form = 'local' and timezone = any(cast(:zones as text[]))
  order by arrival limit 500`;

const timeColumnsOf = (table: LogTable): string[] =>
  table.columns.filter(({ type }) => type === 'time').map(({ column }) => column);

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = String(2n ** 63n - 1n);
