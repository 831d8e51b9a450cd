/** Ends what does not move any more. */
export interface Clock {
  /** Aborted once the time is over. */
  readonly signal: AbortSignal;
  start(milliseconds: number): void;
  stop(): void;
  /** As `stop`, and it starts no more. */
  end(): void;
}

export function createClock(): Clock {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let hasEnded = false;
  return {
    signal: over.signal,
    start(milliseconds) {
      clearTimeout(timer);
      if (hasEnded) return;
      timer = setTimeout(() => over.abort(), milliseconds);
    },
    stop: () => clearTimeout(timer),
    end() {
      hasEnded = true;
      clearTimeout(timer);
    },
  };
}
