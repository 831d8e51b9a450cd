import { channels } from '../../shared/domain/channel';
import type { LogCounts, ParameterCounts, SyncReport } from '../../shared/domain/report';
import type { PoolUse } from '../../shared/db/database';
import type { ObservedFileCall } from '../../shared/files/s3-settings';
import { countFileCalls } from '../../shared/metrics/file-calls';
import { createMetrics } from '../../shared/metrics/metrics';
import { tellProcessFigures } from '../../shared/metrics/process-figures';
import { declarePool } from '../../shared/metrics/pool';
import type { ClaimedJob, SyncJob } from '../../shared/stores/jobs/job-store';
import type { JobWatch } from '../jobs/consumer';
import type { PairWatch } from '../pairs/slice';
import type { ObservedCall } from '../systems/remote-system';

/** Counters of the syncs of a worker. */
export interface SyncWatch {
  processed(job: SyncJob, report: SyncReport): void;
}

export interface WorkerMetrics {
  readonly jobs: JobWatch;
  readonly syncs: SyncWatch;
  readonly countFileCall: (call: ObservedFileCall) => void;
  readonly pairs: PairWatch & { called(call: ObservedCall): void };
  /** Those that this process holds. */
  readonly inHand: ReadonlySet<ClaimedJob>;
  /** For Prometheus. */
  text(): Promise<string>;
}

/** The metrics of a worker about its own work. The API exports what waits for all workers. */
export function createWorkerMetrics(pool: () => PoolUse): WorkerMetrics {
  const metrics = createMetrics();
  tellProcessFigures(metrics, 'worker');
  const inHand = new Set<ClaimedJob>();
  const processing = metrics.histogram(
    'epack_sync_processing_seconds',
    'Time from taking a job to its end, by what became of the attempt.',
    ['channel', 'outcome'],
    [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300],
  );
  const waited = metrics.histogram(
    'epack_sync_waiting_seconds',
    'Time from the upload to the first attempt at it.',
    ['channel'],
    [0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000],
  );
  const background = metrics.histogram(
    'epack_background_job_seconds',
    'Time of one attempt at a job that is no sync, by what became of it.',
    ['kind', 'outcome'],
    [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
  );
  const rows = metrics.counter('epack_rows_total', 'Rows, entities and photos, by what became of them.', [
    'channel',
    'kind',
    'result',
  ]);
  const entities = metrics.histogram(
    'epack_pair_entity_seconds',
    'Time of one entity of a pair, its calls included, by what became of it.',
    ['pair', 'result'],
    [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
  );
  const calls = metrics.counter(
    'epack_pair_calls_total',
    'Calls of other systems. Status 0: no answer came.',
    ['system', 'operation', 'status'],
  );
  const conflicts = metrics.counter(
    'epack_pair_conflicts_total',
    'What both sides of a pair changed, by whose values won; open: it waits for someone.',
    ['pair', 'resolution'],
  );
  for (const channel of channels) rows({ channel, kind: 'log', result: 'inserted' }, 0);
  metrics.gauge('epack_jobs_in_hand', 'Jobs that this worker holds.', [], () => [
    { labels: {}, value: inHand.size },
  ]);
  declarePool(metrics, 'worker', pool);

  return {
    inHand,
    countFileCall: countFileCalls(metrics),
    jobs: {
      begun(job) {
        inHand.add(job);
        if (job.sync !== null && job.attempts === 1) waited({ channel: job.sync.channel }, job.waitedSeconds);
      },
      ended(job, outcome, seconds) {
        inHand.delete(job);
        if (job.sync === null) background({ kind: job.kind, outcome }, seconds);
        else
          processing(
            { channel: job.sync.channel, outcome: outcome === 'done' ? 'processed' : outcome },
            seconds,
          );
      },
    },
    syncs: {
      processed: (job, report) => countRows(job.channel, report),
    },
    pairs: {
      settled: (pair, result, seconds) => entities({ pair, result }, seconds),
      conflict: (pair, resolution) => conflicts({ pair, resolution }),
      called: ({ system, operation, status }) => calls({ system, operation, status: String(status ?? 0) }),
    },
    text: () => metrics.text(),
  };

  function countRows(channel: string, report: SyncReport): void {
    count(channel, 'parameter', Object.values(report.params));
    count(channel, 'log', Object.values(report.logs));
    count(channel, 'photo', [report.photos]);
  }

  function count(channel: string, kind: string, all: readonly (LogCounts | ParameterCounts)[]): void {
    for (const counts of all) {
      for (const [result, value] of Object.entries<number>({ ...counts }))
        if (value > 0) rows({ channel, kind, result }, value);
    }
  }
}
