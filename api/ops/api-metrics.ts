import { channels } from '../../shared/domain/channel';
import { probeAlertKinds } from '../../shared/domain/probe-alert';
import { type SignInFailureKind, signInFailureKinds } from '../../shared/domain/sign-in-failure';
import { syncStates } from '../../shared/domain/sync-state';
import { mergeExpositions } from '../../shared/metrics/exposition';
import type { ObservedFileCall } from '../../shared/files/s3-settings';
import { countFileCalls } from '../../shared/metrics/file-calls';
import { createMetrics, type Sample } from '../../shared/metrics/metrics';
import { tellProcessFigures } from '../../shared/metrics/process-figures';
import { declarePool } from '../../shared/metrics/pool';
import { declareReplica } from '../../shared/metrics/replica';
import type { PoolUse } from '../../shared/db/database';
import type { ReplicaState } from '../../shared/db/replica';
import { type JobQueue } from '../../shared/queue/job-queue';
import { lanes } from '../../shared/domain/job-kind';
import type { Figures } from '../../shared/stores/solutions/figures-store';
import type { SosyncFigures } from '../../shared/stores/sosync/sosync-figures-store';
import type { PairFigures } from '../../shared/stores/pairs/pair-figures-store';
import type { Traffic } from '../services/traffic';

interface Deps {
  readonly readFigures: () => Promise<Figures>;
  readonly readPairs: () => Promise<PairFigures>;
  readonly readSosync: () => Promise<SosyncFigures>;
  readonly queue: Pick<JobQueue, 'depth' | 'deadDepth'>;
  readonly pool: () => PoolUse;
  /** Null: there is no replica. */
  readonly replica: (() => ReplicaState) | null;
  /** Reads the figures of a worker, which are included. Null: the worker is scraped separately. */
  readonly readWorker: (() => Promise<string>) | null;
}

/** `area`: v4, api or console; `status`: 2xx, 3xx, 4xx, 5xx or aborted. */
export type RequestCount = (area: string, status: string, seconds: number) => void;

export interface ApiMetrics {
  readonly traffic: Traffic;
  readonly countRequest: RequestCount;
  readonly countSignInFailure: (kind: SignInFailureKind) => void;
  readonly countRefusedConnection: () => void;
  readonly countFileCall: (call: ObservedFileCall) => void;
  /** For Prometheus. */
  text(): Promise<string>;
}

/** The maximum age of figures from the database and the queue, so that two Prometheus servers cost as much as one. */
const cacheMilliseconds = 5_000;

/**
 * The metrics of the API: its own traffic, and figures of the whole installation. Every API process exports the latter,
 * so that none of them is indispensable. Over several processes, take the maximum and not the sum.
 */
export function createApiMetrics({
  readFigures,
  readPairs,
  readSosync,
  queue,
  pool,
  replica,
  readWorker,
}: Deps): ApiMetrics {
  const metrics = createMetrics();
  tellProcessFigures(metrics, 'api');
  const figures = cached(cacheMilliseconds, readFigures);
  const pairs = cached(cacheMilliseconds, readPairs);
  const sosync = cached(cacheMilliseconds, readSosync);
  const depths = cached(cacheMilliseconds, () => depthsOf(queue));

  const taken = metrics.counter('epack_uploads_total', 'Uploads that were taken.', ['channel']);
  const bytes = metrics.counter(
    'epack_upload_bytes_total',
    'Bytes of the archives of uploads that were taken.',
    ['channel'],
  );
  const refused = metrics.counter(
    'epack_uploads_refused_total',
    'Uploads that were refused, by the code told.',
    ['code'],
  );
  const requests = metrics.histogram(
    'epack_http_request_seconds',
    'Time from a request to its answer, polls left out.',
    ['area', 'status'],
    [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  );
  const signInFailures = metrics.counter(
    'epack_sign_in_failures_total',
    'Sign-ins that were refused, of staff, of solutions and through the identity provider.',
    ['kind'],
  );
  const closedConnections = metrics.counter(
    'epack_connections_refused_total',
    'Connections that were closed because their address held too many.',
    [],
  );
  closedConnections({}, 0);
  for (const kind of signInFailureKinds) signInFailures({ kind }, 0);
  for (const channel of channels) {
    taken({ channel }, 0);
    bytes({ channel }, 0);
  }
  const traffic: Traffic = {
    polls: 0,
    waitingPolls: 0,
    uploadTaken(channel, archiveBytes) {
      taken({ channel });
      bytes({ channel }, archiveBytes);
    },
    uploadRefused: (code) => refused({ code }),
  };
  metrics.countedElsewhere('epack_polls_total', 'Status polls that were answered.', () => traffic.polls);
  metrics.gauge('epack_polls_waiting', 'Status polls that wait for another status.', [], () => [
    { labels: {}, value: traffic.waitingPolls },
  ]);
  declarePool(metrics, 'api', pool);
  if (replica !== null) declareReplica(metrics, replica);

  metrics.gauge('epack_database_up', 'Whether the figures of the whole installation can be read.', [], () =>
    figures().then(
      () => [{ labels: {}, value: 1 }],
      () => [{ labels: {}, value: 0 }],
    ),
  );
  metrics.gauge('epack_syncs', 'Syncs under way, by state.', ['channel', 'state'], async () =>
    syncSamples(await figures()),
  );
  metrics.gauge('epack_jobs', 'Jobs that wait or run.', ['lane', 'state'], async () =>
    jobSamples(await figures()),
  );
  metrics.gauge('epack_oldest_job_seconds', 'Age of the oldest job that is not done.', [], async () => [
    { labels: {}, value: (await figures()).oldestJobSeconds },
  ]);
  metrics.gauge(
    'epack_queue_depth',
    'Messages that wait in the queue.',
    ['lane'],
    async () => (await depths()).waiting,
  );
  metrics.gauge('epack_queue_dead', 'Messages that were put aside.', [], async () => [
    { labels: {}, value: (await depths()).dead },
  ]);
  metrics.gauge('epack_probe_alerts_open', 'Probe alerts that are open.', ['kind'], async () =>
    alertSamples(await figures()),
  );
  metrics.gauge(
    'epack_decisions_waiting',
    'Conflicts and approvals that wait for someone.',
    ['kind'],
    async () =>
      (await figures()).decisions.map(({ of: kind, count }) => ({ labels: { kind }, value: count })),
  );
  metrics.gauge(
    'epack_logs_unbalanced',
    'Logs of which the last check found stored rows gone, or rows that no upload brought.',
    [],
    async () => [{ labels: {}, value: (await figures()).unbalancedLogs }],
  );
  metrics.gauge(
    'epack_notifications',
    'Notifications that wait for an attempt, and those that were given up.',
    ['state'],
    async () =>
      (await figures()).notifications.map(({ of: state, count }) => ({ labels: { state }, value: count })),
  );
  metrics.gauge(
    'epack_solutions_never_finished',
    'Solutions that never finished a sync of a channel, the blocked ones left out.',
    ['channel'],
    async () =>
      (await figures()).neverFinished.map(({ of: channel, count }) => ({
        labels: { channel },
        value: count,
      })),
  );
  metrics.gauge(
    'epack_pair_jobs',
    'Entities of pairs that wait, run, failed or were given up.',
    ['pair', 'state'],
    async () =>
      (await pairs()).jobs.map(({ pair, state, count }) => ({ labels: { pair, state }, value: count })),
  );
  metrics.gauge(
    'epack_pair_job_age_seconds',
    'How long the oldest entity of a pair has waited that is due.',
    ['pair'],
    async () => (await pairs()).ages.map(({ pair, seconds }) => ({ labels: { pair }, value: seconds })),
  );
  metrics.gauge('epack_system_up', 'Whether another system may be called.', ['system'], async () =>
    (await pairs()).systems.map(({ system, isUp }) => ({ labels: { system }, value: isUp ? 1 : 0 })),
  );
  metrics.gauge(
    'epack_sosync_jobs',
    'Jobs of the interface of sosync that are not over.',
    ['sosync_instance', 'state'],
    async () =>
      (await sosync()).jobs.map(({ instance, state, count }) => ({
        labels: { sosync_instance: instance, state },
        value: count,
      })),
  );
  metrics.gauge(
    'epack_sosync_mirror_lag_seconds',
    'How long the oldest change of a job of sosync has not been mirrored to the other system.',
    ['sosync_instance'],
    async () =>
      (await sosync()).mirrorLags.map(({ instance, seconds }) => ({
        labels: { sosync_instance: instance },
        value: seconds,
      })),
  );
  metrics.gauge(
    'epack_sosync_worker_running',
    'Whether the job worker and the protocol worker of an instance run.',
    ['sosync_instance', 'kind'],
    async () =>
      (await sosync()).workers.map(({ instance, kind, isRunning }) => ({
        labels: { sosync_instance: instance, kind },
        value: isRunning ? 1 : 0,
      })),
  );
  metrics.computed(
    'epack_last_finished_sync_age_seconds',
    "How long ago each solution's last sync of a channel was confirmed, the blocked ones left out.",
    async () =>
      (await figures()).finished.map(({ channel, buckets, sumSeconds, count }) => ({
        labels: { channel },
        buckets,
        sum: sumSeconds,
        count,
      })),
  );

  return {
    traffic,
    countSignInFailure: (kind) => signInFailures({ kind }),
    countRefusedConnection: () => closedConnections({}),
    countFileCall: countFileCalls(metrics),
    countRequest: (area, status, seconds) => requests({ area, status }, seconds),
    async text() {
      const own = metrics.text();
      if (readWorker === null) return own;
      // If the worker does not respond, its figures are missing, as in a scrape of its own.
      const worker = await readWorker().catch(() => '');
      return mergeExpositions([await own, worker]);
    },
  };
}

/** States that a sync is in while its channel is not at 0. */
const openStates = syncStates.filter((state) => state !== 'confirmed' && state !== 'abandoned');

/** Zero is exported too, because a missing series cannot be compared. */
function syncSamples({ syncs }: Figures): Sample[] {
  return channels.flatMap((channel) =>
    openStates.map((state) => ({
      labels: { channel, state },
      value: syncs.find((sync) => sync.channel === channel && sync.state === state)?.count ?? 0,
    })),
  );
}

function jobSamples({ jobs }: Figures): Sample[] {
  return lanes.flatMap((lane) =>
    ['queued', 'running'].map((state) => ({
      labels: { lane, state },
      value: jobs.find((job) => job.lane === lane && job.state === state)?.count ?? 0,
    })),
  );
}

function alertSamples({ alerts }: Figures): Sample[] {
  return probeAlertKinds.map((kind) => ({
    labels: { kind },
    value: alerts.find((alert) => alert.of === kind)?.count ?? 0,
  }));
}

async function depthsOf(queue: Deps['queue']): Promise<{ waiting: Sample[]; dead: number }> {
  const waiting = lanes.map(async (lane) => ({ labels: { lane }, value: await queue.depth(lane) }));
  return { waiting: await Promise.all(waiting), dead: await queue.deadDepth() };
}

/** All calls within this time share one reading, also while it is in progress. A failure is not cached. */
function cached<T>(milliseconds: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | null = null;
  return () => {
    if (last !== null && performance.now() - last.at < milliseconds) return last.value;
    const value = read();
    const reading = { at: performance.now(), value };
    last = reading;
    value.catch(() => {
      if (last === reading) last = null;
    });
    return value;
  };
}
