import { setTimeout } from 'node:timers/promises';
import { isDatabaseAway, isDatabaseFull } from '../../shared/db/database-away';
import { isFileStoreAway } from '../../shared/files/file-store-away';
import { AppError } from '../../shared/errors/app-error';
import { backoffMs } from '../../shared/domain/backoff';
import type { SyncReport } from '../../shared/domain/report';
import type { Logger } from '../../shared/log';
import type { JobMessage, Verdict } from '../../shared/queue/job-queue';
import type { ClaimedJob, JobStore } from '../../shared/stores/jobs/job-store';
import type { SyncStore } from '../../shared/stores/syncs/sync-store';
import { inSpan, type Span, type Tracer } from '../../shared/tracing';
import type { AttemptOutcome, WorkWatch } from '../ops/worker-metrics';
import type { Step } from '../solution-sync/process-sync';

interface Deps {
  readonly jobs: Pick<JobStore, 'claim' | 'extendLease' | 'retryLater' | 'postpone'>;
  readonly syncs: Pick<SyncStore, 'markProcessing' | 'addEvent'>;
  /** Applies the whole sync, or nothing of it. */
  readonly processSync: (job: ClaimedJob, step: Step) => Promise<SyncReport>;
  /** Gives the sync up: status 2, with a package that says `failed`. */
  readonly failSync: (job: ClaimedJob) => Promise<void>;
  readonly watch: WorkWatch;
  readonly tracer: Pick<Tracer, 'start'>;
  readonly log: Logger;
  readonly leaseSeconds: number;
  readonly maxAttempts: number;
}

const postponeSeconds = 10;

/** From a message to its verdict: how work is got. What is done about it is `process-sync`. */
export function createConsumer(deps: Deps): (message: JobMessage) => Promise<Verdict> {
  return async ({ jobId }) => {
    const job = await deps.jobs.claim(jobId, deps.leaseSeconds);
    if (job === null) return 'done';
    const log = deps.log.child(storyOf(job));
    const span = deps.tracer.start('process', job.origin.traceparent, {
      'epack.sync': job.syncId,
      'epack.attempt': job.attempts,
    });
    const startedAt = performance.now();
    deps.watch.begun(job);
    let report: SyncReport | null = null;
    let outcome: AttemptOutcome = 'retried';
    try {
      return await whileLeased(deps, job, log, async () => {
        try {
          report = await attempt(deps, job, span);
          if (report === null) {
            outcome = 'failed';
            log.error({ attempts: deps.maxAttempts }, 'sync failed for good: no attempt came to its end');
          } else {
            outcome = 'processed';
            const milliseconds = Math.round(performance.now() - startedAt);
            log.info({ attempts: job.attempts, milliseconds }, 'sync processed');
          }
          return 'done';
        } catch (error) {
          span.end(error);
          const judged = await judge(deps, job, log, error);
          outcome = judged.outcome;
          return judged.verdict;
        }
      });
    } finally {
      span.end();
      deps.watch.ended(job, outcome, (performance.now() - startedAt) / 1000, report);
    }
  };
}

/** What is in every line about a job: one search tells its story, from the request to the package. */
const storyOf = ({ id, syncId, solutionId, channel, origin }: ClaimedJob) => ({
  ...(origin.requestId === null ? {} : { requestId: origin.requestId }),
  jobId: id,
  syncId,
  solutionId,
  channel,
});

/** Null: a job that killed its worker on every attempt is not tried for ever. */
async function attempt(deps: Deps, job: ClaimedJob, { traceparent }: Span): Promise<SyncReport | null> {
  if (job.attempts > deps.maxAttempts) {
    await deps.syncs.addEvent(job.syncId, 'failed', 'No attempt came to its end.');
    // This one tried nothing.
    await deps.failSync({ ...job, attempts: deps.maxAttempts });
    return null;
  }
  await deps.syncs.markProcessing(job.syncId, job.attempts);
  return deps.processSync(job, (name, work) => inSpan(deps.tracer, name, traceparent, work));
}

interface Judgement {
  readonly verdict: Verdict;
  readonly outcome: AttemptOutcome;
}

const retried: Judgement = { verdict: 'done', outcome: 'retried' };

async function judge(deps: Deps, job: ClaimedJob, log: Logger, error: unknown): Promise<Judgement> {
  if (error instanceof AppError && error.code === 'fence-lost') {
    log.warn({ err: error }, 'the sync is no longer this worker’s');
    return retried;
  }
  if (isFileStoreAway(error) || isDatabaseFull(error)) {
    // No upload is given up because of a full disk, however long the night is.
    log.error({ err: error }, 'nothing can be stored; the sync waits');
    await deps.jobs.postpone(job, postponeSeconds);
    return retried;
  }
  if (isDatabaseAway(error)) {
    void giveBack(deps, job, log);
    throw error;
  }
  if (job.attempts >= deps.maxAttempts || isHopeless(error)) {
    log.error({ err: error }, 'sync failed for good');
    await deps.syncs.addEvent(job.syncId, 'failed', messageOf(error));
    await deps.failSync(job);
    return { verdict: 'done', outcome: 'failed' };
  }
  log.warn({ err: error, attempts: job.attempts }, 'attempt failed; another follows');
  await deps.syncs.addEvent(job.syncId, 'attempt-failed', messageOf(error));
  await deps.jobs.retryLater(job, backoffMs(job.attempts, { firstMs: 1_000, maxMs: 60_000 }) / 1000);
  return retried;
}

/**
 * Nothing can be written down now. Once it can, the attempt does not count, for nobody's upload is given up because
 * PostgreSQL was restarted often. Should this process end before, the lease ends, and another takes the sync.
 */
async function giveBack({ jobs }: Pick<Deps, 'jobs'>, job: ClaimedJob, log: Logger): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await setTimeout(backoffMs(attempt, { firstMs: 500, maxMs: 5_000 }), undefined, { ref: false });
    try {
      await jobs.postpone(job, 0);
      return;
    } catch (error) {
      if (isDatabaseAway(error)) continue;
      log.warn({ err: error }, 'the sync was not given back; its lease will end');
      return;
    }
  }
}

/** It lies in the upload itself: another attempt would end in the same. */
const isHopeless = (error: unknown) => error instanceof AppError && error.kind === 'unprocessable';

/** While the work goes on, the lease is extended; once it is lost, the fence keeps this worker from committing. */
async function whileLeased(
  deps: Deps,
  job: ClaimedJob,
  log: Logger,
  work: () => Promise<Verdict>,
): Promise<Verdict> {
  const beat = setInterval(
    () => {
      deps.jobs.extendLease(job, deps.leaseSeconds).catch((error: unknown) => {
        log.warn({ err: error }, 'lease not extended');
      });
    },
    (deps.leaseSeconds * 1000) / 3,
  );
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
