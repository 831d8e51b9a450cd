import { isDatabaseAway, isDatabaseFull } from '../shared/db/database-away';
import { isFileStoreAway } from '../shared/files/file-store-away';
import { AppError } from '../shared/errors/app-error';
import { backoffMs } from '../shared/domain/backoff';
import type { Logger } from '../shared/log';
import type { JobMessage, Verdict } from '../shared/queue/job-queue';
import type { ClaimedJob, JobStore } from '../shared/stores/job-store';
import type { SyncStore } from '../shared/stores/sync-store';

interface Deps {
  readonly jobs: Pick<JobStore, 'claim' | 'extendLease' | 'retryLater' | 'postpone'>;
  readonly syncs: Pick<SyncStore, 'markProcessing' | 'addEvent'>;
  /** Applies the whole sync, or nothing of it. */
  readonly processSync: (job: ClaimedJob) => Promise<void>;
  /** Gives the sync up: status 2, with a package that says `failed`. */
  readonly failSync: (job: ClaimedJob) => Promise<void>;
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
    const log = deps.log.child({
      jobId,
      syncId: job.syncId,
      solutionId: job.solutionId,
      channel: job.channel,
    });
    const startedAt = Date.now();
    return whileLeased(deps, job, log, async () => {
      try {
        await attempt(deps, job);
        log.info({ attempts: job.attempts, milliseconds: Date.now() - startedAt }, 'sync processed');
        return 'done';
      } catch (error) {
        return judge(deps, job, log, error);
      }
    });
  };
}

/** A job that killed its worker on every attempt is not tried for ever. */
async function attempt(deps: Deps, job: ClaimedJob): Promise<void> {
  if (job.attempts > deps.maxAttempts) return deps.failSync(job);
  await deps.syncs.markProcessing(job.syncId, job.attempts);
  await deps.processSync(job);
}

async function judge(deps: Deps, job: ClaimedJob, log: Logger, error: unknown): Promise<Verdict> {
  if (error instanceof AppError && error.code === 'fence-lost') {
    log.warn({ err: error }, 'the sync is no longer this worker’s');
    return 'done';
  }
  if (isFileStoreAway(error) || isDatabaseFull(error)) {
    // No upload is given up because of a full disk, however long the night is.
    log.error({ err: error }, 'nothing can be stored; the sync waits');
    await deps.jobs.postpone(job, postponeSeconds);
    return 'done';
  }
  if (isDatabaseAway(error)) {
    // Nothing can be written down now: the lease will end, and the sync be taken again.
    throw error;
  }
  if (job.attempts >= deps.maxAttempts || isHopeless(error)) {
    log.error({ err: error }, 'sync failed for good');
    await deps.syncs.addEvent(job.syncId, 'failed', messageOf(error));
    await deps.failSync(job);
    return 'done';
  }
  log.warn({ err: error, attempts: job.attempts }, 'attempt failed; another follows');
  await deps.syncs.addEvent(job.syncId, 'attempt-failed', messageOf(error));
  await deps.jobs.retryLater(job, backoffMs(job.attempts, { firstMs: 1_000, maxMs: 60_000 }) / 1000);
  return 'done';
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
