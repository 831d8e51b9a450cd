/** The lease on a job, as far as this process knows. */
export interface Lease {
  /** Aborted once the job may be another worker's. */
  readonly signal: AbortSignal;
  /** False: the job may be another worker's. This also works in a process that was frozen and has just woken up. */
  isHeld(): boolean;
}

export interface KeptLease extends Lease {
  /** It was extended by a statement that began at `since`. */
  extended(since: Instant): void;
  /** Another worker holds the job. */
  lost(): void;
  /** The work is over, and the lease is no longer used. */
  close(): void;
}

/** A point in time on both clocks: one stops while the machine sleeps, the other may be set. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export const instantNow = (): Instant => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/** A lease that began with a statement at `since`. */
export function createLease(leaseSeconds: number, since: Instant): KeptLease {
  const controller = new AbortController();
  let began = since;
  let timer = armed();

  function leftMs(): number {
    const now = instantNow();
    const passedMs = Math.max(now.monotonicMs - began.monotonicMs, now.wallMs - began.wallMs);
    return leaseSeconds * 1000 - passedMs;
  }
  function armed(): NodeJS.Timeout {
    return setTimeout(lost, Math.max(0, leftMs())).unref();
  }
  function lost(): void {
    clearTimeout(timer);
    controller.abort(new Error('the lease of the job has ended'));
  }
  return {
    signal: controller.signal,
    isHeld() {
      if (controller.signal.aborted) return false;
      if (leftMs() > 0) return true;
      lost();
      return false;
    },
    extended(at) {
      if (controller.signal.aborted) return;
      began = at;
      clearTimeout(timer);
      timer = armed();
    },
    lost,
    close() {
      clearTimeout(timer);
    },
  };
}
