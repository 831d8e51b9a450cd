import type { BackoffLimits } from '../../shared/domain/backoff';
import { type BackgroundKind, type JobKind, syncKind } from '../../shared/domain/job-kind';
import type { Reason } from '../../shared/domain/reason';
import type { ClaimedJob } from '../../shared/stores/jobs/job-store';
import type { Lease } from './lease';

/** How often a kind of job is tried, and what happens to it in the end. */
export interface JobPolicy {
  /** `configured`: EPACK_MAX_ATTEMPTS. */
  readonly maxAttempts: number | 'configured';
  /** Between two attempts. */
  readonly backoff: BackoffLimits;
  /** `keep`: it stays as `dead` for people to see. `drop`: the schedule makes another one when it is due. */
  readonly givenUp: 'keep' | 'drop';
  /** The schedule in UTC. Null: the job is only added on request. */
  readonly cron: string | null;
}

/** The work of a kind of job. Compose provides it, so that this folder does not import other rooms. */
export interface JobHandler {
  /** Fields that are in every line of the log about the job. */
  story?(job: ClaimedJob): object;
  /**
   * Does the work. `ended`: the transaction of the work has ended the job as well. Throws what `judge` in the consumer
   * decides on.
   */
  run(job: ClaimedJob, attempt: Attempt): Promise<'done' | 'ended'>;
  /** An attempt failed, and another follows. */
  attemptFailed?(job: ClaimedJob, failure: JobFailure): Promise<void>;
  /** It is not tried again. Resolves once the job has been ended. */
  giveUp?(job: ClaimedJob, failure: JobFailure): Promise<void>;
}

/** Why an attempt failed. */
export interface JobFailure {
  /** In English, for whoever runs the server. */
  readonly reason: string;
  /** The same as code and values, for any language. Null: the failure was not foreseen. */
  readonly why: Reason | null;
}

/** One attempt at a job. */
export interface Attempt {
  /** The lease of this worker on the job. An action that cannot be fenced checks it right before. */
  readonly lease: Lease;
  /** Runs one step of the work in a span of its own. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

export type JobHandlers = Readonly<Record<JobKind, JobHandler>>;

const soon: BackoffLimits = { firstMs: 1_000, maxMs: 60_000 };
const patient: BackoffLimits = { firstMs: 5_000, maxMs: 10 * 60_000 };

/** Added on request, and somebody waits for the effect. */
const asked: JobPolicy = { maxAttempts: 20, backoff: patient, givenUp: 'keep', cron: null };

/** Somebody waits for the answer, and asks again if there is none. */
const awaited: JobPolicy = { maxAttempts: 1, backoff: soon, givenUp: 'drop', cron: null };

/** It is repeated by its schedule. */
const every = (cron: string): JobPolicy => ({ maxAttempts: 1, backoff: soon, givenUp: 'drop', cron });

/** All background work. Its lanes stand in shared/domain/job-kind.ts, what it does in the rooms of the same names. */
export const jobPolicies: Readonly<Record<JobKind, JobPolicy>> = {
  [syncKind]: { maxAttempts: 'configured', backoff: soon, givenUp: 'keep', cron: null },
  'alerts.judge-readings': asked,
  'alerts.find-silent-probes': every('*/30 * * * * *'),
  // Also scheduled, for what was superseded, or decided by an earlier version.
  'parameters.apply-approvals': { ...asked, cron: '2-59/10 * * * *' },
  'logs.apply-replacements': { ...asked, cron: '3-59/10 * * * *' },
  // Also scheduled, for requests that came at the very end of a job.
  'logs.read-times-anew': { ...asked, cron: '4-59/10 * * * *' },
  // Costs one look-up if nothing is to be done.
  'logs.index-times': every('25 * * * * *'),
  // Runs at night, because it reads every log.
  'logs.check-books': { ...asked, cron: '41 1 * * *' },
  'logs.check-changed-books': asked,
  'system.probe': awaited,
  // At night, and each system at another minute of the following hour.
  'system.probe-all': every('5 1 * * *'),
  'system.register-hook': awaited,
  'notifications.deliver': every('*/5 * * * * *'),
  'notifications.send-staff-mails': every('*/10 * * * * *'),
  'notifications.find-stale-solutions': every('*/5 * * * *'),
  'notifications.remove-old': every('11 * * * *'),
  // Also scheduled, because time and the confirmations of solutions advance a rollout.
  'rollouts.advance': { ...asked, cron: '*/10 * * * * *' },
  // The job stays as long as its pair exists, with the time of the next work.
  'pair.slice': { maxAttempts: Infinity, backoff: patient, givenUp: 'keep', cron: null },
  'pair.wake-pairs': every('*/30 * * * * *'),
  'upkeep.free-dead-uploads': every('*/5 * * * * *'),
  'upkeep.requeue-orphans': every('*/15 * * * * *'),
  'upkeep.remove-expired-files': every('*/10 * * * *'),
  'upkeep.remove-orphan-files': every('5-59/10 * * * *'),
  'upkeep.remove-abandoned-parts': every('17 * * * *'),
  'upkeep.remove-old-readings': every('23 */6 * * *'),
  'upkeep.remove-stale-rows': every('8-59/10 * * * *'),
  'upkeep.seal-audit-trail': every('*/5 * * * * *'),
  'upkeep.guard-given-ids': every('*/20 * * * * *'),
};

/** The kinds that come due by themselves, and when. */
export const scheduledKinds: readonly { readonly kind: BackgroundKind; readonly cron: string }[] =
  Object.entries(jobPolicies).flatMap(([kind, { cron }]) =>
    cron === null ? [] : [{ kind: kind as BackgroundKind, cron }],
  );
