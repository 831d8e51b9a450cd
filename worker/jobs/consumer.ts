import { setTimeout } from 'node:timers/promises';
import { isDatabaseAway, isDatabaseFull } from '../../shared/db/database-away';
import { isFileStoreAway } from '../../shared/files/file-store-away';
import { AppError, ReasonedError } from '../../shared/errors/app-error';
import { backoffMs } from '../../shared/domain/backoff';
import { type JobKind, syncKind } from '../../shared/domain/job-kind';
import { because } from '../../shared/domain/reason-english';
import type { Logger } from '../../shared/log';
import type { JobMessage, DeliveryVerdict } from '../../shared/queue/job-queue';
import type { ClaimedJob, JobStore } from '../../shared/stores/jobs/job-store';
import type { ScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { inSpan, type Tracer } from '../../shared/tracing';
import { createLease, instantNow, type Instant, type Lease } from './lease';
import { type JobFailure, type JobHandler, type JobHandlers, jobPolicies, type JobPolicy } from './kinds';

interface Deps {
  readonly jobs: Pick<JobStore, 'claim' | 'extendLease' | 'retryLater' | 'postpone' | 'remove' | 'giveUp'>;
  readonly schedules: Pick<ScheduleStore, 'ended'>;
  readonly handlers: JobHandlers;
  readonly watch: JobWatch;
  readonly tracer: Pick<Tracer, 'start'>;
  readonly log: Logger;
  readonly leaseSeconds: number;
  /** Of the kinds whose number of attempts is configured. */
  readonly maxAttempts: number;
}

/** The result of one attempt. */
export type AttemptOutcome = 'done' | 'failed' | 'retried';

/** Counters of the jobs of a worker. */
export interface JobWatch {
  begun(job: ClaimedJob): void;
  ended(job: ClaimedJob, outcome: AttemptOutcome, seconds: number): void;
}

const postponeSeconds = 10;

/** Handles a message up to its verdict. The kind of the job defines the work itself. */
export function createConsumer(deps: Deps): (message: JobMessage) => Promise<DeliveryVerdict> {
  return async ({ jobId }) => {
    const since = instantNow();
    const claimed = await deps.jobs.claim(jobId, deps.leaseSeconds);
    if (claimed === null) return 'done';
    const work = workOf(deps, claimed);
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1000;
    deps.watch.begun(claimed);
    let outcome: AttemptOutcome = 'retried';
    try {
      outcome = await whileLeased(work, since, (lease) => attempt(work, lease));
      if (work.policy.cron !== null && claimed.kind !== syncKind && outcome !== 'retried')
        await deps.schedules.ended(claimed.kind, seconds(), work.failure);
      return 'done';
    } finally {
      deps.watch.ended(claimed, outcome, seconds());
    }
  };
}

/** The current job, with everything about its kind. */
interface Work {
  readonly deps: Deps;
  readonly job: ClaimedJob;
  readonly handler: JobHandler;
  readonly policy: JobPolicy;
  readonly maxAttempts: number;
  readonly log: Logger;
  /** Why the attempt failed; null: it did not. */
  failure: string | null;
}

function workOf(deps: Deps, job: ClaimedJob): Work {
  const handler = deps.handlers[job.kind];
  const policy = jobPolicies[job.kind];
  const log = deps.log.child(storyOf(job, handler));
  const maxAttempts = policy.maxAttempts === 'configured' ? deps.maxAttempts : policy.maxAttempts;
  return { deps, job, handler, policy, maxAttempts, log, failure: null };
}

/** Fields of every log line about a job, so that one search finds its whole story, from the request to the package. */
const storyOf = (job: ClaimedJob, handler: JobHandler) => ({
  ...(job.origin.requestId === null ? {} : { requestId: job.origin.requestId }),
  jobId: job.id,
  kind: job.kind,
  ...handler.story?.(job),
});

async function attempt(work: Work, lease: Lease): Promise<AttemptOutcome> {
  const { deps, job, handler, maxAttempts } = work;
  const span = deps.tracer.start(verbOf(job.kind), job.origin.traceparent, {
    'epack.kind': job.kind,
    [job.sync === null ? 'epack.subject' : 'epack.sync']: job.subject,
    'epack.attempt': job.attempts,
  });
  try {
    // A job whose attempts all killed their worker is not tried for ever.
    if (job.attempts > maxAttempts)
      return await giveUp(work, because({ code: 'no-attempt-ended', values: {} }));
    const end = await handler.run(job, {
      lease,
      step: (name, part) => inSpan(deps.tracer, name, span.traceparent, part),
    });
    if (end === 'done') await deps.jobs.remove(job);
    return 'done';
  } catch (error) {
    span.end(error);
    return await judge(work, error);
  } finally {
    span.end();
  }
}

/** e.g. `process`, of `solution-sync.process`. */
const verbOf = (kind: JobKind): string => kind.slice(kind.indexOf('.') + 1);

async function judge(work: Work, error: unknown): Promise<AttemptOutcome> {
  const { deps, job, handler, log, policy } = work;
  if (error instanceof AppError && error.code === 'fence-lost') {
    log.warn({ err: error }, 'the job is no longer this worker’s');
    return 'retried';
  }
  if (isFileStoreAway(error) || isDatabaseFull(error)) {
    // An upload is never given up because of a full disk, however long that lasts.
    log.error({ err: error }, 'nothing can be stored; the job waits');
    await deps.jobs.postpone(job, postponeSeconds);
    return 'retried';
  }
  if (isDatabaseAway(error)) {
    void giveBack(work);
    throw error;
  }
  const failure = failureOf(error);
  const { reason } = failure;
  if (job.attempts >= work.maxAttempts || isHopeless(error)) {
    log.error({ err: error }, 'job failed for good');
    return await giveUp(work, failure);
  }
  log.warn({ err: error, attempts: job.attempts }, 'attempt failed; another follows');
  await handler.attemptFailed?.(job, failure);
  await deps.jobs.retryLater(job, backoffMs(job.attempts, policy.backoff) / 1000, reason);
  return 'retried';
}

async function giveUp(work: Work, failure: JobFailure): Promise<'failed'> {
  const { reason } = failure;
  const { deps, job, handler, policy } = work;
  work.failure = reason;
  // An attempt that only finds out that no earlier one finished has not tried anything itself.
  const tried = { ...job, attempts: Math.min(job.attempts, work.maxAttempts) };
  if (handler.giveUp !== undefined) await handler.giveUp(tried, failure);
  else if (policy.givenUp === 'keep') await deps.jobs.giveUp(job, reason);
  else await deps.jobs.remove(job);
  return 'failed';
}

/**
 * Nothing can be written now. As soon as that is possible, the attempt is taken back, so that no upload is given up
 * because PostgreSQL was restarted often. If this process ends before, the lease expires and another worker takes the
 * job.
 */
async function giveBack({ deps, job, log }: Work): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    await setTimeout(backoffMs(attempts, { firstMs: 500, maxMs: 5_000 }), undefined, { ref: false });
    try {
      await deps.jobs.postpone(job, 0);
      return;
    } catch (error) {
      if (isDatabaseAway(error)) continue;
      log.warn({ err: error }, 'the job was not given back; its lease will end');
      return;
    }
  }
}

/** The cause is in the data of the job, so another attempt would have the same result. */
const isHopeless = (error: unknown) => error instanceof AppError && error.kind === 'unprocessable';

/** While the work continues, the lease is extended; once it is lost, the fence keeps this worker from committing. */
async function whileLeased<T>(
  { deps, job, log }: Work,
  since: Instant,
  attemptIt: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = createLease(deps.leaseSeconds, since);
  const extend = async (): Promise<void> => {
    const at = instantNow();
    if (await deps.jobs.extendLease(job, deps.leaseSeconds)) lease.extended(at);
    else lease.lost();
  };
  const beat = setInterval(
    () => {
      extend().catch((error: unknown) => {
        log.warn({ err: error }, 'lease not extended');
      });
    },
    (deps.leaseSeconds * 1000) / 3,
  );
  try {
    return await attemptIt(lease);
  } finally {
    clearInterval(beat);
    lease.close();
  }
}

const failureOf = (error: unknown): JobFailure => ({
  reason: error instanceof Error ? error.message : String(error),
  why: error instanceof ReasonedError ? error.reason : null,
});
