import type { Mentioned } from './entry';

export type Next<Out> = (entry: Out) => Promise<void>;

/**
 * One step. It does its part and passes the entry on with what it has set, or it settles the entry and does not pass it
 * on.
 */
export type Middleware<In, Out extends In = In> = (entry: In, next: Next<Out>) => Promise<void>;

/** Steps in their order. A step that needs members that no earlier step sets does not compile. */
export interface Pipeline<In extends Mentioned, Out extends In> {
  /** Names, in their order. */
  readonly steps: readonly string[];
  then<After extends Out>(name: string, step: Middleware<Out, After>): Pipeline<In, After>;
  /** `reached` is called with an entry that passed all steps. */
  run(entry: In, reached?: (entry: Out) => void): Promise<void>;
}

export const createPipeline = <In extends Mentioned>(): Pipeline<In, In> =>
  extend<In, In>([], (entry, next) => next(entry));

function extend<In extends Mentioned, Out extends In>(
  steps: readonly string[],
  all: (entry: In, next: Next<Out>) => Promise<void>,
): Pipeline<In, Out> {
  return {
    steps,
    then: (name, step) => extend([...steps, name], (entry, next) => all(entry, (known) => step(known, next))),
    run: (entry, reached) =>
      all(entry, (end) => {
        reached?.(end);
        return Promise.resolve();
      }),
  };
}
