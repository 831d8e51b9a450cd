export interface Slots {
  /** Runs `work` as soon as a slot is free, in the order of the calls. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Lets at most `size` pieces of work run at a time. */
export function createSlots(size: number): Slots {
  const waiting: (() => void)[] = [];
  let free = size;
  return { run };

  async function run<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      passOn();
    }
  }

  function passOn(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}
