import { createBench, type SuiteSolution } from './bench';
import type { Check } from './check';
import { Deviation, NotSeen } from './expectations';
import { createWire } from './wire';

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly expected: string; readonly seen: string }
  | { readonly kind: 'not-seen'; readonly reason: string };

export interface Result {
  readonly check: Check;
  readonly outcome: Outcome;
}

export interface SuiteOptions {
  /** The server under test. */
  readonly url: string;
  readonly solution: SuiteSolution;
  /** For the checks that two solutions never see each other's data. Null: they are left out. */
  readonly second: SuiteSolution | null;
  readonly checks: readonly Check[];
  readonly onResult?: (result: Result) => void;
}

/** Runs the checks one after another. A check that fails does not stop the others. */
export async function runChecks({
  url,
  solution,
  second,
  checks,
  onResult,
}: SuiteOptions): Promise<Result[]> {
  const wire = createWire(url);
  const results: Result[] = [];
  try {
    const bench = createBench(wire, solution, second);
    for (const check of checks) {
      const isPossible = check.needs !== 'second-solution' || second !== null;
      const outcome = isPossible
        ? await outcomeOf(() => check.run(bench))
        : ({ kind: 'not-seen', reason: 'It needs a second solution.' } as const);
      results.push({ check, outcome });
      onResult?.({ check, outcome });
    }
  } finally {
    wire.close();
  }
  return results;
}

/** A server that hangs up, or whose package cannot be read, does not keep to the protocol either. */
async function outcomeOf(run: () => Promise<void>): Promise<Outcome> {
  try {
    await run();
    return { kind: 'passed' };
  } catch (error) {
    if (error instanceof Deviation) return { kind: 'failed', expected: error.expected, seen: error.seen };
    if (error instanceof NotSeen) return { kind: 'not-seen', reason: error.reason };
    return { kind: 'failed', expected: 'a response that can be read', seen: String(error) };
  }
}
