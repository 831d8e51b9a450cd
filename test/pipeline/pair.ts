import { type Entry, isUnfinished } from '../../worker/pipeline/entry';
import type { Side } from '../../worker/pipeline/sides';
import { type Handler, plainHandlers, propagateDeletions, usualNames } from '../../worker/pipeline/policies';
import type { Rules } from '../../worker/pipeline/stages';
import {
  type Problem,
  type Progress,
  synchronise,
  type SynchroniseSettings,
} from '../../worker/pipeline/synchronise';
import { scopeOf } from '../../worker/pipeline/trouble';
import { type Approval, approvalsOf } from './approvals';
import { type Kill, Killed } from './kill';
import { createMemoryLinks, type MemoryLinks } from './memory-links';
import { createRemote, type Remote } from './remote';

export interface Outcome {
  readonly entries: readonly Entry[];
  readonly approvals: readonly Approval[];
  readonly progress: Progress;
}

/** Two systems, and runs that go on where the last one ended. */
export interface Pair {
  readonly here: Remote;
  readonly there: Remote;
  readonly links: MemoryLinks;
  readonly problems: Problem[];
  progress: Progress;
  run(settings?: Partial<SynchroniseSettings>): Promise<Outcome>;
  /** The plan of a run. */
  plan(settings?: Partial<SynchroniseSettings>): Promise<Outcome>;
  /** One entity is looked at, as for a webhook; nothing is listed. */
  look(side: Side, key: string, settings?: Partial<SynchroniseSettings>): Promise<Outcome>;
  /** Runs until nothing is written and nothing waits. The number of runs before that; null: it never came to rest. */
  settle(settings?: Partial<SynchroniseSettings>, runs?: number): Promise<number | null>;
  /** The key there of what has this key here. */
  other(key: string): string;
  killWith(kill: Kill): void;
}

export function createPair(
  here: Remote = createRemote('a'),
  there: Remote = createRemote('b'),
  particulars: Partial<SynchroniseSettings> = {},
): Pair {
  const links = createMemoryLinks();
  const problems: Problem[] = [];
  const run = async (settings: Partial<SynchroniseSettings>): Promise<Outcome> => {
    const entries: Entry[] = [];
    const progress = await synchronise({
      ...standardRules,
      systems: { here, there },
      links,
      mode: 'apply',
      readable: ['here', 'there'],
      signal: new AbortController().signal,
      isDecided: () => false,
      // A dead process learns nothing more.
      scopeOf: (error) => (error instanceof Killed ? 'run' : scopeOf(error)),
      onProblem: (problem) => problems.push(problem),
      since: pair.progress,
      settled: async (entry) => {
        entries.push(entry);
      },
      ...particulars,
      ...settings,
    });
    return { entries, approvals: approvalsOf(entries), progress };
  };
  const pair: Pair = {
    here,
    there,
    links,
    problems,
    progress: fromTheBeginning,
    async run(settings = {}) {
      const outcome = await run(settings);
      pair.progress = outcome.progress;
      return outcome;
    },
    plan: (settings = {}) => run({ ...settings, mode: 'plan' }),
    look: (side, key, settings = {}) =>
      run({
        ...settings,
        readable: [],
        since: { ...pair.progress, again: [{ side, key, verdict: null, waitsFor: null }] },
      }),
    async settle(settings = {}, runs = 12) {
      for (let ran = 0; ran < runs; ran++) {
        here.forgetCalls();
        there.forgetCalls();
        const { entries, progress } = await pair.run(settings);
        const isDone = progress.again.length === 0 && !entries.some(isUnfinished);
        const isQuiet = here.calls.length + there.calls.length === 0 && isDone;
        if (isQuiet) return ran;
      }
      return null;
    },
    other(key) {
      const found = [...links.stored.values()].find(({ ends }) => ends.here?.key === key)?.ends.there?.key;
      if (found === undefined) throw new Error(`${key} has no counterpart`);
      return found;
    },
    killWith(kill) {
      here.kill = kill;
      there.kill = kill;
      links.kill = kill;
    },
  };
  return pair;
}

const fromTheBeginning: Progress = {
  cursors: { here: null, there: null },
  again: [],
  stoppedBy: null,
};

/** Keeps both contents: that side's under its own name, the other one as `plan (conflict 2026-11-30).txt`. */
export const keepBoth =
  (stays: Side, day: string): Handler =>
  () => ({ stays, nameOfCopy: (name) => name.replace(/(?=\.[^.]*$)|(?<!\.[^.]*)$/, ` (conflict ${day})`) });

/** Nothing is limited, the newest wins, and that is always here. */
export const standardRules: Rules = {
  matchFields: [],
  linkFields: [],
  prototype: null,
  entries: null,
  size: { limit: null, each: null, sizeOf: () => 0 },
  deletions: null,
  flips: { recentVersions: null, flips: 3 },
  lead: null,
  policy: 'newest',
  fieldGroups: [],
  handlers: plainHandlers(() => 'here'),
  onUnhandled: () => undefined,
  initial: null,
  deletionPolicies: propagateDeletions,
  flows: {},
  parks: 'fields',
  decided: () => null,
  writeBack: { here: null, there: null },
  isApproved: () => false,
  isKept: () => false,
  namePolicies: usualNames,
};

/** How often each verdict was given; duplicates are not told. */
export function verdicts({ entries }: Pick<Outcome, 'entries'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict = 'none' } of entries) {
    if (verdict !== 'duplicate') counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}
