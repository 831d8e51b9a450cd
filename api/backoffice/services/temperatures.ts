import { knownZone } from '../../../shared/domain/known-zone';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { ReadAccess, Reader } from '../../../shared/stores/read-access';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { AlertStore, ProbeAlert } from '../../../shared/stores/alerts/alert-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type {
  DayOfTemperatures,
  Probe,
  TemperatureBucket,
  TemperatureStore,
} from '../../../shared/stores/logs/temperature-store';

interface Stores {
  readonly alerts: Pick<AlertStore, 'list'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'find'>;
  readonly temperatures: TemperatureStore;
}

/** One probe over some days. */
export interface Temperatures {
  readonly probe: Probe;
  readonly from: Date;
  readonly to: Date;
  readonly days: readonly DayOfTemperatures[];
  /** That touch the range. */
  readonly alerts: readonly ProbeAlert[];
}

/** The data of a chart. */
export interface TemperatureSeries {
  readonly probe: Probe;
  /** The time that one point covers. */
  readonly bucketSeconds: number;
  readonly buckets: readonly TemperatureBucket[];
  readonly alerts: readonly ProbeAlert[];
}

export interface SeriesQuery {
  readonly solutionId: number;
  readonly probeId: string;
  /** Before the last reading. */
  readonly days: number;
}

/** More points than pixels would not be visible. */
const mostPoints = 1_500;
/** A probe sends every five minutes. */
const leastBucketSeconds = 300;
const mostAlerts = 200;

export type TemperatureService = ReturnType<typeof createTemperatureService>;

/** Temperatures against the limits of their fridges. */
export function createTemperatureService({
  stores,
  reader,
}: Pick<StoreAccess<Stores>, 'stores'> & ReadAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async probes(caller: Caller, solutionId: number): Promise<Probe[]> {
      await timezoneOf(caller, solutionId);
      const read = await reader();
      return read(({ temperatures }) => temperatures.probes(solutionId));
    },

    /** Throws `not-found`. */
    async days(caller: Caller, query: SeriesQuery): Promise<Temperatures> {
      const timezone = await timezoneOf(caller, query.solutionId);
      const read = await reader();
      const { probe, range } = await found(read, query);
      const days = await read(({ temperatures }) => temperatures.days(range, probe, timezone));
      const alerts = await read((within) => alertsOf(within, caller, query, range));
      return { probe, from: range.from, to: range.to, days, alerts };
    },

    /** Throws `not-found`. */
    async series(caller: Caller, query: SeriesQuery): Promise<TemperatureSeries> {
      await timezoneOf(caller, query.solutionId);
      const read = await reader();
      const { probe, range } = await found(read, query);
      const bucketSeconds = bucketFor(query.days);
      const buckets = await read(({ temperatures }) => temperatures.buckets(range, bucketSeconds));
      const alerts = await read((within) => alertsOf(within, caller, query, range));
      return { probe, bucketSeconds, buckets, alerts };
    },
  };

  async function timezoneOf(caller: Caller, solutionId: number): Promise<string> {
    const solution = await stores.solutionAdmin.find(caller.accounts, solutionId);
    if (solution === null) throw notFound('solution');
    return knownZone(solution.timezone);
  }

  async function found(read: Reader<Stores>, { solutionId, probeId, days }: SeriesQuery) {
    const probes = await read(({ temperatures }) => temperatures.probes(solutionId));
    const probe = probes.find((one) => one.probeId === probeId);
    if (probe === undefined) throw notFound('probe');
    // A probe whose clock is ahead must not move the chart into the future.
    const to = new Date(Math.min(probe.lastAt?.getTime() ?? Infinity, Date.now()) + 1);
    return { probe, range: { solutionId, probeId, from: new Date(to.getTime() - days * dayMs), to } };
  }

  async function alertsOf(
    { alerts }: Pick<Stores, 'alerts'>,
    { accounts }: Caller,
    { solutionId, probeId }: SeriesQuery,
    { from }: { from: Date },
  ): Promise<ProbeAlert[]> {
    const filter = { accounts, solutionId, state: null, kind: null, isAcknowledged: null };
    const { items } = await alerts.list(filter, { limit: mostAlerts, after: null });
    return items.filter((alert) => alert.probeId === probeId && (alert.closedAt ?? alert.openedAt) >= from);
  }
}

const dayMs = 86_400_000;

/** Whole multiples of five minutes. */
const bucketFor = (days: number) =>
  Math.max(1, Math.ceil((days * 86_400) / mostPoints / leastBucketSeconds)) * leastBucketSeconds;
