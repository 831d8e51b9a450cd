import { type Approval, approvalsOf } from '../../worker/pipeline/approval';
import type { Entry } from '../../worker/pipeline/entry';
import type { Mappings, PerSide } from '../../worker/pipeline/mappings';
import { plainHandlers } from '../../worker/pipeline/middlewares/resolve-conflicts';
import type { StageSettings } from '../../worker/pipeline/stages';
import {
  fromTheBeginning,
  type Problem,
  type Progress,
  synchronise,
  type SynchroniseSettings,
} from '../../worker/pipeline/synchronise';
import type { System } from '../../worker/pipeline/system';
import { createMemoryMappings, type MemoryMappings } from './memory-mappings';
import { createMemorySystem, type MemorySystem } from './memory-system';

export interface Outcome {
  readonly entries: readonly Entry[];
  readonly approvals: readonly Approval[];
  readonly progress: Progress;
}

/** Two systems, and runs that go on where the last one ended. */
export interface Pair {
  readonly here: MemorySystem;
  readonly there: MemorySystem;
  readonly mappings: MemoryMappings;
  readonly problems: Problem[];
  run(settings?: Partial<SynchroniseSettings>): Promise<Outcome>;
  /** What a run would do. */
  plan(settings?: Partial<SynchroniseSettings>): Promise<Outcome>;
}

export function createPair(
  here: MemorySystem = createMemorySystem('a'),
  there: MemorySystem = createMemorySystem('b'),
  particulars: Partial<SynchroniseSettings> = {},
): Pair {
  const mappings = createMemoryMappings();
  const problems: Problem[] = [];
  let progress: Progress = fromTheBeginning;
  const standard = {
    ...standardSettings({ here, there }, mappings),
    mode: 'apply' as const,
    reading: { by: 'whole', readable: ['here', 'there'] } as const,
    isolates: true,
    onProblem: (problem: Problem) => problems.push(problem),
  };
  const run = async (settings: Partial<SynchroniseSettings>): Promise<Outcome> => {
    const entries: Entry[] = [];
    const settled = (group: readonly Entry[]) => {
      entries.push(...group);
      return Promise.resolve();
    };
    const ended = await synchronise({ ...standard, ...particulars, since: progress, settled, ...settings });
    return { entries, approvals: approvalsOf(entries), progress: ended };
  };
  return {
    here,
    there,
    mappings,
    problems,
    async run(settings = {}) {
      const outcome = await run(settings);
      progress = outcome.progress;
      return outcome;
    },
    plan: (settings = {}) => run({ ...settings, mode: 'plan' }),
  };
}

/** Nothing is limited, the newest wins, and that is always here. */
export function standardSettings(
  systems: PerSide<System>,
  mappings: Mappings,
): Omit<StageSettings, 'mentioned' | 'lastTurn'> {
  return {
    systems,
    mappings,
    matchFields: [],
    links: [],
    prototype: null,
    entries: null,
    size: { limit: null, sizeOf: () => 0 },
    deletions: null,
    flips: { recentVersions: null, flips: 3 },
    lead: null,
    policy: 'newest',
    fieldGroups: [],
    handlers: plainHandlers(() => 'here'),
    onUnhandled: () => undefined,
    approved: new Set(),
  };
}

/** How often each verdict was given; duplicates are not told. */
export function verdicts({ entries }: Outcome): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verdict = 'none' } of entries) {
    if (verdict !== 'duplicate') counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}
