import { channels } from '../../shared/domain/channel';
import type { LogCounts, ParameterCounts, SyncReport } from '../../shared/domain/report';
import type { PoolUse } from '../../shared/db/database';
import { createMetrics } from '../../shared/metrics/metrics';
import { tellProcessFigures } from '../../shared/metrics/process-figures';
import { declarePool } from '../../shared/metrics/pool';
import type { ClaimedJob } from '../../shared/stores/jobs/job-store';

/** What became of one attempt at a sync. */
export type AttemptOutcome = 'processed' | 'failed' | 'retried';

/** What a worker counts of its work, where it happens. */
export interface WorkWatch {
  begun(job: ClaimedJob): void;
  ended(job: ClaimedJob, outcome: AttemptOutcome, seconds: number, report: SyncReport | null): void;
}

export interface WorkerMetrics {
  readonly watch: WorkWatch;
  /** Those that this process holds. */
  readonly inHand: ReadonlySet<ClaimedJob>;
  /** For Prometheus. */
  text(): Promise<string>;
}

/** What a worker tells Prometheus: its own work. What waits for all workers is told by the API. */
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
  const rows = metrics.counter('epack_rows_total', 'Rows, entities and photos, by what became of them.', [
    'channel',
    'kind',
    'result',
  ]);
  for (const channel of channels) rows({ channel, kind: 'log', result: 'inserted' }, 0);
  metrics.gauge('epack_jobs_in_hand', 'Jobs that this worker holds.', [], () => [
    { labels: {}, value: inHand.size },
  ]);
  declarePool(metrics, 'worker', pool);

  return {
    inHand,
    watch: {
      begun(job) {
        inHand.add(job);
        if (job.attempts === 1) waited({ channel: job.channel }, job.waitedSeconds);
      },
      ended(job, outcome, seconds, report) {
        inHand.delete(job);
        processing({ channel: job.channel, outcome }, seconds);
        if (report !== null) countRows(job.channel, report);
      },
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
