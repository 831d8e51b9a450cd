import type { Entry } from './entry';

export type Next = () => Promise<void>;

/** One step: it does its part and calls `next`, or settles the entry and does not. */
export type Middleware = (entry: Entry, next: Next) => Promise<void>;

/** Sends an entry through all of them in their order. */
export function createPipeline(middlewares: readonly Middleware[]): (entry: Entry) => Promise<void> {
  return (entry) => runFrom(middlewares, 0, entry);
}

function runFrom(middlewares: readonly Middleware[], place: number, entry: Entry): Promise<void> {
  const middleware = middlewares[place];
  if (middleware === undefined) return Promise.resolve();
  return middleware(entry, () => runFrom(middlewares, place + 1, entry));
}
