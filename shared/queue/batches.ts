import { setTimeout } from 'node:timers/promises';

/** Resolves or rejects with the batch that the item went into. */
export type Batched<T> = (item: T) => Promise<void>;

interface BatchOptions {
  /** The most items of a batch. */
  readonly largest: number;
  /** How long a batch waits for further items before it is sent. 0: a single item is sent at once. */
  readonly gatherMs?: number;
}

/**
 * Collects the items that arrive while a batch is in progress into the next batch. Under load, many items share one
 * round trip and one commit.
 */
export function inBatches<T>(
  { largest, gatherMs = 0 }: BatchOptions,
  work: (items: readonly T[]) => Promise<void>,
): Batched<T> {
  const waiting: Waiting<T>[] = [];
  let underway = false;
  return add;

  function add(item: T): Promise<void> {
    const done = new Promise<void>((resolve, reject) => waiting.push({ item, resolve, reject }));
    if (!underway) void workOff();
    return done;
  }

  async function workOff(): Promise<void> {
    underway = true;
    while (waiting.length > 0) {
      if (gatherMs > 0) await setTimeout(gatherMs);
      const batch = waiting.splice(0, largest);
      try {
        await work(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    underway = false;
  }
}

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
