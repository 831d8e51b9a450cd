/** Wakes a caller that waits for work. */
export interface Bell {
  ring(): void;
  /** Forgets that it rang. */
  silence(): void;
  /** Resolves when it rings, at once where it has rung since it was silenced, or else after `ms`. */
  heard(ms: number): Promise<void>;
}

export function createBell(): Bell {
  let rung = false;
  let wake: () => void = () => undefined;
  return {
    ring: () => {
      rung = true;
      wake();
    },
    silence: () => (rung = false),
    heard: async (ms) => {
      if (rung) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
