import type { Logger } from '../../shared/log';
import type { PairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import type { SosyncLinkJobStore } from '../../shared/stores/pairs/sosync-link-job-store';
import type {
  DueSosyncJob,
  KnownDrift,
  SosyncHold,
  SosyncWorkerStore,
} from '../../shared/stores/sosync/sosync-worker-store';
import type { StoreAccess } from '../../shared/stores/store-access';
import { type LeasedWork, startLeasedWork } from './leased-work';

interface Stores {
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
  readonly sosyncLinkJobs: Pick<SosyncLinkJobStore, 'passOn'>;
  readonly sosyncWorkers: SosyncWorkerStore;
}

interface Deps extends StoreAccess<Stores> {
  readonly instance: string;
  /** A job takes at least so long, and the next one follows after it; 0: they are passed on as they come. */
  readonly throttleMs: number;
  /** Jobs pause while the clock is further off; null: whatever the clock says. */
  readonly maxDriftMs: number | null;
  /** NTP less our clock, in milliseconds; null: no server could be reached. */
  readonly measureDrift: () => Promise<number | null>;
  readonly log: Logger;
}

const leaseSeconds = 10;
const passedOnTogether = 1_000;
const driftIsOldAfterSeconds = 60;
/** While jobs are paused it is looked sooner whether they may go on. */
const pausedDriftIsOldAfterSeconds = 10;
/** A job that nothing begins, because its pair is paused, say, keeps the others no longer. */
const mostUnbegunMs = 5_000;
const mostBegunMs = 60_000;
const lookAtJobEveryMs = 50;

/** Passes on to the pairs what callers have created, for as long as it has the lease. */
export function startJobWorker(deps: Deps): LeasedWork {
  const { stores, instance, log } = deps;
  let current: { readonly job: DueSosyncJob; readonly since: number } | null = null;
  let measuring: Promise<void> | null = null;
  let lastFence = '';

  const worker = startLeasedWork({
    workers: stores.sosyncWorkers,
    name: { instance, kind: 'job' },
    leaseSeconds,
    log,
    async turn(hold, drift) {
      const isFirst = hold.fence !== lastFence;
      lastFence = hold.fence;
      const isKnown = await lookAtClock(drift, isFirst);
      if (!isKnown) return 0;
      if (await isPaused(hold, drift)) return 1_000;
      await stores.sosyncWorkers.closeOrphans(instance);
      return deps.throttleMs === 0 ? passOnAll(hold) : passOnNext(hold);
    },
  });
  return worker;

  /** False: it was just looked at for the first time, and what it says is to be read before anything is passed on. */
  async function lookAtClock({ driftMs, ageSeconds }: KnownDrift, isFirst: boolean): Promise<boolean> {
    if (deps.maxDriftMs === null) return true;
    const isOff = driftMs !== null && Math.abs(driftMs) > deps.maxDriftMs;
    const oldAfter = isOff ? pausedDriftIsOldAfterSeconds : driftIsOldAfterSeconds;
    if (ageSeconds !== null && ageSeconds < oldAfter && !isFirst) return true;
    measuring ??= measure();
    if (!isFirst) {
      measuring.catch((error: unknown) => log.warn({ err: error }, 'the clock was not looked at'));
      return true;
    }
    await measuring;
    return false;
  }

  async function measure(): Promise<void> {
    try {
      const driftMs = await deps.measureDrift();
      if (driftMs === null)
        log.warn({}, 'no NTP server could be reached: the drift of the clock is not known');
      await stores.sosyncWorkers.noteDrift(instance, driftMs);
    } finally {
      measuring = null;
      worker.nudge();
    }
  }

  /** Nothing is decided by a clock; but callers count on jobs that pause while it is wrong. */
  async function isPaused(hold: SosyncHold, { driftMs }: KnownDrift): Promise<boolean> {
    const { maxDriftMs } = deps;
    const isOff = maxDriftMs !== null && driftMs !== null && Math.abs(driftMs) > maxDriftMs;
    const reason = isOff ? `the clock is off by ${driftMs} ms, and max_time_drift_ms is ${maxDriftMs}` : null;
    await stores.sosyncWorkers.tellStatus(hold, isOff ? 'paused' : 'running', reason);
    return isOff;
  }

  async function passOnAll(hold: SosyncHold): Promise<number> {
    const passed = await passOn(hold, passedOnTogether);
    return passed.length < passedOnTogether ? 1_000 : 0;
  }

  async function passOnNext(hold: SosyncHold): Promise<number> {
    if (current !== null) {
      const wait = await waitForCurrent(current);
      if (wait > 0) return wait;
      current = null;
    }
    const [job] = await passOn(hold, 1);
    if (job === undefined) return 1_000;
    current = { job, since: performance.now() };
    return Math.min(deps.throttleMs, lookAtJobEveryMs);
  }

  /** Milliseconds until it is looked at again; 0: its turn is over. */
  async function waitForCurrent({ job, since }: NonNullable<typeof current>): Promise<number> {
    const took = performance.now() - since;
    if (took < deps.throttleMs) return Math.max(1, Math.min(deps.throttleMs - took, 1_000));
    const { isOpen, isBegun } = await stores.sosyncWorkers.isUnderWay(job.jobId);
    const isOverdue = took > (isBegun ? mostBegunMs : mostUnbegunMs);
    return isOpen && !isOverdue ? lookAtJobEveryMs : 0;
  }

  async function passOn(hold: SosyncHold, limit: number): Promise<readonly DueSosyncJob[]> {
    return deps.transaction(async ({ pairSliceJobs, sosyncLinkJobs, sosyncWorkers }) => {
      const jobs = await sosyncWorkers.dueJobs(hold, limit);
      if (jobs.length === 0) return [];
      // In the same order as creating and working do: link jobs first.
      await sosyncLinkJobs.passOn(jobs.map(({ linkJobId }) => linkJobId));
      await sosyncWorkers.notePassedOn(jobs.map(({ jobId }) => jobId));
      for (const pairId of [...new Set(jobs.map((job) => job.pairId))].sort((a, b) => a - b))
        await pairSliceJobs.askFor(pairId);
      return jobs;
    });
  }
}
