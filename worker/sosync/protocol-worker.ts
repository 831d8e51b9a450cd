import type { Logger } from '../../shared/log';
import type {
  MirrorTarget,
  SosyncMirrorStore,
  UnmirroredJob,
} from '../../shared/stores/sosync/sosync-mirror-store';
import type { SystemStore } from '../../shared/stores/pairs/system-store';
import type { SosyncHold, SosyncWorkerStore } from '../../shared/stores/sosync/sosync-worker-store';
import { backoffMs } from '../../shared/domain/backoff';
import { Trouble } from '../pipeline/trouble';
import type { LoadVerdict, RecordLoader } from '../systems/record-loader';
import { type LeasedWork, startLeasedWork } from './leased-work';
import { mirroredRow, mirrorFields } from './mirrored-row';

interface Deps {
  readonly instance: string;
  readonly workers: SosyncWorkerStore;
  readonly mirror: SosyncMirrorStore;
  readonly systems: Pick<SystemStore, 'pauseByItself' | 'throttle'>;
  /** Opens the system that is mirrored to. Throws where this version cannot call it, or its settings do not fit. */
  readonly openLoader: (systemId: number) => Promise<RecordLoader>;
  readonly log: Logger;
}

/**
 * Longer than a call may take: whoever lost the lease has no call under way any more that could overwrite what the next one
 * sends.
 */
const leaseSeconds = 40;
const callMs = 20_000;
const jobsOfACall = 200;
/** What the other system does not take is sent again so much later. */
const refusedRestMs = 300_000;
/** Where the other system does not say how long it wants to rest. */
const usualRestSeconds = 60;
const backoff = { firstMs: 1_000, maxMs: 60_000 };

/** Mirrors every change of every job to the other system, for as long as it has the lease. It never holds jobs up. */
export function startProtocolWorker({
  instance,
  workers,
  mirror,
  systems,
  openLoader,
  log,
}: Deps): LeasedWork {
  /** Until when each waits that was not taken. */
  const refused = new Map<string, number>();
  let failures = 0;
  let notBefore = -Infinity;

  return startLeasedWork({
    workers,
    name: { instance, kind: 'protocol' },
    leaseSeconds,
    log,
    async turn(hold) {
      const left = notBefore - performance.now();
      if (left > 0) return left;
      const target = await mirror.target(instance);
      if (target === null) return 1_000;
      if (target.isPaused) {
        await workers.tellStatus(hold, 'paused', target.pausedReason);
        return 1_000;
      }
      if (target.waitsSeconds > 0) return target.waitsSeconds * 1_000;
      return mirrorSome(hold, target);
    },
  });

  async function mirrorSome(hold: SosyncHold, target: MirrorTarget): Promise<number> {
    const jobs = await unmirrored();
    if (jobs.length === 0) {
      await workers.tellStatus(hold, 'running', null);
      return 1_000;
    }
    try {
      await send(hold, target, jobs);
      failures = 0;
      await workers.tellStatus(hold, 'running', null);
      return 0;
    } catch (error) {
      await settleTrouble(hold, target, error);
      return 0;
    }
  }

  async function unmirrored(): Promise<readonly UnmirroredJob[]> {
    const now = performance.now();
    for (const [id, until] of refused) if (until <= now) refused.delete(id);
    return mirror.unmirrored(instance, [...refused.keys()], jobsOfACall);
  }

  /** Where some are not taken, halves of them are sent, until it is known which: they keep the others no longer. */
  async function send(hold: SosyncHold, target: MirrorTarget, jobs: readonly UnmirroredJob[]): Promise<void> {
    const verdict = await load(target, jobs);
    if (verdict.kind === 'loaded') {
      const sent = jobs.map(({ job_id: jobId, version }) => ({ jobId, version }));
      if (!(await mirror.settle(hold, sent))) throw new LeaseLost();
      return;
    }
    const [first] = jobs;
    if (jobs.length === 1 && first !== undefined) {
      refused.set(first.job_id, performance.now() + refusedRestMs);
      log.error({ job: first.job_id, reason: verdict.reason }, 'the mirror does not take a job');
      return;
    }
    const middle = Math.ceil(jobs.length / 2);
    for (const half of [jobs.slice(0, middle), jobs.slice(middle)]) {
      if ((await workers.renew(hold, leaseSeconds)) === null) throw new LeaseLost();
      await send(hold, target, half);
    }
  }

  async function load(
    { systemId, model }: MirrorTarget,
    jobs: readonly UnmirroredJob[],
  ): Promise<LoadVerdict> {
    const loader = await openLoader(systemId);
    return loader.load(
      { model, fields: mirrorFields, rows: jobs.map(mirroredRow) },
      AbortSignal.timeout(callMs),
    );
  }

  async function settleTrouble(hold: SosyncHold, { systemId }: MirrorTarget, error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return;
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof Trouble && error.kind === 'unauthorized') {
      await systems.pauseByItself(systemId, reason);
      log.error({ err: error }, 'the mirror is paused: its system accepts no call');
      return;
    }
    if (error instanceof Trouble && error.kind === 'throttled') {
      const seconds = error.retryAfterMs === undefined ? usualRestSeconds : error.retryAfterMs / 1_000;
      await systems.throttle(systemId, seconds);
      return;
    }
    failures += 1;
    notBefore = performance.now() + backoffMs(failures, backoff);
    log.warn({ err: error }, 'jobs were not mirrored; they are sent again');
    await workers.tellStatus(hold, 'running', reason);
  }
}

/** Another process mirrors by now. */
class LeaseLost extends Error {}
