import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../shared/log';
import type {
  KnownDrift,
  SosyncHold,
  SosyncWorkerName,
  SosyncWorkerStore,
} from '../../shared/stores/sosync/sosync-worker-store';

/** A worker of which at most one runs, over all processes. */
export interface LeasedWork {
  /** Looks at once whether it is to run, and whether there is work. */
  nudge(): void;
  /** Ends what is under way, and gives the lease back. */
  stop(): Promise<void>;
}

/** What the worker does whenever it is its turn. Resolves with how long it rests, in milliseconds; a nudge ends the rest. */
export type Turn = (hold: SosyncHold, drift: KnownDrift) => Promise<number>;

interface Deps {
  readonly workers: SosyncWorkerStore;
  readonly name: SosyncWorkerName;
  readonly turn: Turn;
  readonly log: Logger;
  /** Another process follows one that was killed after so long. */
  readonly leaseSeconds: number;
}

/** How often it is looked whether the lease is to be had, or is still ours. */
const lookEveryMs = 1_000;

/** Tries to get the lease until stopped; whoever has it takes turns. */
export function startLeasedWork({ workers, name, turn, log, leaseSeconds }: Deps): LeasedWork {
  let isStopping = false;
  let hold: SosyncHold | null = null;
  let drift: KnownDrift = { driftMs: null, ageSeconds: null };
  let renewedAt = -Infinity;
  let rest = new AbortController();
  let isNudged = false;
  const ended = run();
  return {
    nudge,
    async stop() {
      isStopping = true;
      nudge();
      await ended;
    },
  };

  function nudge(): void {
    isNudged = true;
    rest.abort();
  }

  async function run(): Promise<void> {
    while (!isStopping) {
      const isAsked = isNudged;
      isNudged = false;
      const restMs = await oneTurn(isAsked).catch((error: unknown) => {
        log.warn({ err: error, worker: name.kind }, 'the worker goes on later');
        return lookEveryMs;
      });
      // Nothing happens between this look and the beginning of the rest.
      if (!hasNews()) await pause(restMs);
    }
    if (hold !== null) await workers.release(hold).catch(() => undefined);
  }

  /** It changes while a turn is awaited. */
  function hasNews(): boolean {
    return isNudged;
  }

  async function oneTurn(isAsked: boolean): Promise<number> {
    await keepHold(isAsked);
    if (hold === null) return lookEveryMs;
    return Math.min(await turn(hold, drift), lookEveryMs);
  }

  /** Gets the lease, or makes sure of it every now and then, and at a nudge. */
  async function keepHold(isAsked: boolean): Promise<void> {
    if (hold === null) {
      hold = await workers.lead(name, leaseSeconds);
      if (hold === null) return;
      log.info({ worker: name.kind }, 'the worker runs in this process');
      renewedAt = -Infinity;
    }
    if (!isAsked && performance.now() - renewedAt < lookEveryMs) return;
    const known = await workers.renew(hold, leaseSeconds);
    renewedAt = performance.now();
    if (known !== null) {
      drift = known;
      return;
    }
    log.info({ worker: name.kind }, 'the worker does not run in this process any more');
    await workers.release(hold);
    hold = null;
  }

  async function pause(milliseconds: number): Promise<void> {
    rest = new AbortController();
    await sleep(milliseconds, undefined, { signal: rest.signal }).catch(() => undefined);
  }
}
