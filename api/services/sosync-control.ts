import { setTimeout as sleep } from 'node:timers/promises';
import { noTimeServer } from '../../shared/errors/catalog';
import type { SosyncWorkerKind, SosyncWorkerStatus } from '../../shared/domain/sosync';
import type { SosyncWorkerStore } from '../../shared/stores/sosync/sosync-worker-store';

interface Deps {
  readonly instance: string;
  readonly workers: Pick<SosyncWorkerStore, 'states' | 'setWanted' | 'noteDrift'>;
  /** Has the workers of this process look at once whether they are to run. */
  readonly nudge: () => void;
  /** NTP less our clock, in milliseconds; null: no server could be reached. */
  readonly measureDrift: () => Promise<number | null>;
}

export interface WorkerView {
  readonly status: SosyncWorkerStatus;
  readonly since: Date;
}

export type SosyncStatus = Readonly<Record<SosyncWorkerKind, WorkerView>>;

export type SosyncControl = ReturnType<typeof createSosyncControl>;

/** Another process may have the work, and see a wish a little later. */
const patienceMs = 3_000;
const lookEveryMs = 50;

/** The two workers of an instance, over all of its processes, and the clock. */
export function createSosyncControl({ instance, workers, nudge, measureDrift }: Deps) {
  return {
    status,

    /** A sentence that says which worker, and how it is. Waits until it runs, for a while. */
    async start(kind: SosyncWorkerKind): Promise<string> {
      const before = await stateOf(kind);
      if (before.status !== 'stopped' && before.isWanted) return `${kind} worker is ${before.status}`;
      await workers.setWanted({ instance, kind }, true);
      nudge();
      const after = await settled(kind, (one) => one !== 'stopped');
      return after === 'stopped' ? `${kind} worker starts` : `${kind} worker started`;
    },

    /** It stays stopped, over restarts as well, until it is started. */
    async stop(kind: SosyncWorkerKind): Promise<string> {
      const before = await stateOf(kind);
      await workers.setWanted({ instance, kind }, false);
      if (before.status === 'stopped') return `${kind} worker is stopped`;
      nudge();
      const after = await settled(kind, (one) => one === 'stopped');
      return after === 'stopped' ? `${kind} worker stopped` : `${kind} worker stops`;
    },

    /** Asks now, however long it takes. Throws `no-time-server`. */
    async drift(): Promise<number> {
      const driftMs = await measureDrift();
      if (driftMs === null) throw noTimeServer();
      return driftMs;
    },

    /** Forgets why the jobs were paused, and checks the clock again. Throws `no-time-server`. */
    async forceDriftCheck(): Promise<number> {
      await workers.noteDrift(instance, null);
      const driftMs = await measureDrift();
      await workers.noteDrift(instance, driftMs);
      nudge();
      if (driftMs === null) throw noTimeServer();
      return driftMs;
    },
  };

  async function status(): Promise<SosyncStatus> {
    return { job: await stateOf('job'), protocol: await stateOf('protocol') };
  }

  async function stateOf(kind: SosyncWorkerKind) {
    const states = await workers.states(instance);
    return (
      states.find((one) => one.kind === kind) ?? {
        status: 'stopped' as const,
        since: new Date(),
        isWanted: true,
      }
    );
  }

  async function settled(
    kind: SosyncWorkerKind,
    isSo: (status: SosyncWorkerStatus) => boolean,
  ): Promise<SosyncWorkerStatus> {
    const until = Date.now() + patienceMs;
    for (;;) {
      const { status: now } = await stateOf(kind);
      if (isSo(now) || Date.now() > until) return now;
      await sleep(lookEveryMs);
    }
  }
}
