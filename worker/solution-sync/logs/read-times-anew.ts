import type { LogTable } from '../../../shared/catalog/log-tables';
import { type Db, inTransaction } from '../../../shared/db/database';
import { isTimeZone } from '../../../shared/domain/known-zone';
import { timeZone } from '../../../shared/domain/local-time';
import { createProbeTimeStore } from '../../../shared/stores/alerts/probe-time-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createLogLock } from '../../../shared/stores/logs/log-lock';
import { createOtherZoneStore, type OtherZoneRow } from '../../../shared/stores/logs/other-zone-store';
import { findEarlierReadings } from './earlier-readings';
import { LogId } from './log-id';
import { READING_TIME } from './row-encoder';

/**
 * Reads times again of solutions whose time zone was put right, where staff have asked for that: what the clock on the
 * wall showed, in the zone that the solution has now. Each portion is a transaction of its own under the log's lock, so
 * another worker continues where one was killed. Returns how many readings.
 */
export async function readTimesAnew(db: Db): Promise<number> {
  const store = createOtherZoneStore(db);
  let total = 0;
  for (let id = await store.nextAsked(0); id !== null; id = await store.nextAsked(id)) {
    while (!(await readSolution(db, id, (readings) => (total += readings))));
    await endRequest(db, id);
  }
  return total;
}

/** False: the zone has changed meanwhile, and all is to be looked at again. */
async function readSolution(db: Db, solutionId: number, count: (readings: number) => void): Promise<boolean> {
  const store = createOtherZoneStore(db);
  const timezone = await store.zoneAsked(solutionId);
  if (timezone === null) return true;
  for (const { table, zones: named } of await store.logs(solutionId)) {
    const zones = named.filter(isTimeZone);
    const portion = { solutionId, table, timezone, zones, clock: createClock(timezone, table) };
    for (let done = await readPortion(db, portion); done !== null; done = await readPortion(db, portion)) {
      if (done === 'other-zone') return false;
      count(done);
    }
  }
  return true;
}

interface Anew {
  readonly solutionId: number;
  readonly table: LogTable;
  /** In which they are to be read, and those in which they were. */
  readonly timezone: string;
  readonly zones: readonly string[];
  readonly clock: Clock;
}

/** Null: there are none left. */
async function readPortion(db: Db, anew: Anew): Promise<number | 'other-zone' | null> {
  const { solutionId, table, timezone, zones, clock } = anew;
  return inTransaction(db, async ({ db: trx }) => {
    const store = createOtherZoneStore(trx);
    await createLogLock(trx).take(solutionId, table.table);
    if ((await store.zoneAsked(solutionId)) !== timezone) return 'other-zone';
    const rows = await store.rows(anew, zones, portionRows);
    const [first] = rows;
    if (first !== undefined && !clock.isSeeded)
      clock.seed(await findEarlierReadings(trx, anew, logId(first.id)));
    const moved = rows.map((row) => ({ ...row, times: clock.read(row) }));
    if (moved.length > 0) await store.setTimes(anew, moved);
    const isAll = rows.length < portionRows;
    const loads = await store.moveToNewLoad(anew, { rows, timezone, zones, isAll });
    return loads === 0 ? null : rows.length;
  });
}

const portionRows = 5_000;

function logId(id: string): LogId {
  const made = new LogId();
  made.setBigInt(BigInt(id));
  return made;
}

/** The local clock of the new zone, and how to distinguish the two equal hours of autumn. */
interface Clock {
  readonly isSeeded: boolean;
  /** The last readings before the first one, by series. */
  seed(readings: readonly { readonly series: string; readonly at: Date }[]): void;
  /** The times of the row in the new zone. */
  read(row: OtherZoneRow): (number | null)[];
}

function createClock(timezone: string, { columns, isMeasuredByDevice }: LogTable): Clock {
  const zone = timeZone(timezone);
  const readingPlace = columns
    .filter(({ type }) => type === 'time')
    .findIndex(({ name }) => name === READING_TIME);
  // As when a file is loaded: not before the reading before it; of a probe, after it.
  const leastStepMs = isMeasuredByDevice ? 1 : 0;
  const previousMs = new Map<string, number>();
  let isSeeded = false;

  return {
    get isSeeded() {
      return isSeeded;
    },

    seed(readings) {
      isSeeded = true;
      for (const { series, at } of readings) previousMs.set(series, at.getTime());
    },

    read({ timezone: oldTimezone, series, times }) {
      return times.map((exactMs, place) => {
        if (exactMs === null) return null;
        const wallMs = wallOf(oldTimezone, Math.round(exactMs));
        if (place !== readingPlace) return zone.instantOf(wallMs);
        const readMs = zone.instantOf(wallMs, (previousMs.get(series) ?? -Infinity) + leastStepMs - 1);
        if (previousMs.size > mostSeries) previousMs.clear();
        previousMs.set(series, readMs);
        return readMs;
      });
    },
  };
}

const mostSeries = 10_000;

/** The local time in a zone. */
const wallOf = (timezone: string, instantMs: number): number =>
  instantMs + timeZone(timezone).offsetAt(instantMs);

/** The states of probes move with their readings. Alerts that are over stay as they were sent. */
async function endRequest(db: Db, solutionId: number): Promise<void> {
  await inTransaction(db, async ({ db: trx }) => {
    const done = await createOtherZoneStore(trx).endRequest(solutionId);
    if (done === null) return;
    const { timezone, oldZones, askedBy, readings } = done;
    const probes = createProbeTimeStore(trx);
    await probes.lock(solutionId);
    const kept = await probes.kept(solutionId);
    await probes.move(
      solutionId,
      kept.flatMap((time) =>
        oldZones.map((oldZone) => ({
          ...time,
          moved: new Date(timeZone(timezone).instantOf(wallOf(oldZone, time.at.getTime()))),
        })),
      ),
    );
    await createAuditStore(trx).add([
      {
        actor: askedBy,
        action: 'log.read-anew',
        solutionId,
        address: null,
        before: { timezones: oldZones },
        after: { timezone, readings: String(readings) },
      },
    ]);
  });
}
