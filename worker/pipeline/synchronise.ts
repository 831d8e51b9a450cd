import { type Approval, approvalsOf } from './approval';
import type { Entry } from './entry';
import { execute } from './executor';
import type { Mappings, PerSide, Side } from './mappings';
import { rehearse } from './rehearsal';
import { readSystems, tombstone, type Unfinished } from './source';
import { type StageSettings, standardStages } from './stages';
import type { System } from './system';

export interface SynchroniseSettings extends Omit<StageSettings, 'mentioned' | 'lastTurn'> {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** `plan`: the same is done, and nothing is written. */
  readonly mode: 'apply' | 'plan';
  /** Those that are asked what changed. */
  readonly readable: readonly Side[];
  /** Where the last run's readings ended, and what it did not finish. */
  readonly since: Progress;
  /** Told of what went wrong with a listing or an entry. */
  readonly onProblem: (problem: Problem) => void;
}

/** Where a run ended: the next one goes on from there. */
export interface Progress {
  readonly cursors: PerSide<string | null>;
  readonly again: readonly Unfinished[];
}

export const fromTheBeginning: Progress = { cursors: { here: null, there: null }, again: [] };

export type Problem =
  | { readonly kind: 'partial-listing'; readonly side: Side; readonly error: unknown }
  | { readonly kind: 'failed'; readonly entry: Entry; readonly error: unknown };

export interface Outcome {
  /** All entries of the run, with their verdicts. */
  readonly entries: readonly Entry[];
  /** What waits for someone, one approval for each kind. */
  readonly approvals: readonly Approval[];
  readonly progress: Progress;
}

/** Brings two systems together: reads what changed in both, changes what is behind, then deletes what is gone. */
export async function synchronise(settings: SynchroniseSettings): Promise<Outcome> {
  const { onProblem, since, mode } = settings;
  const { systems, mappings } = mode === 'plan' ? rehearse(settings.systems, settings.mappings) : settings;
  const reading = await readSystems({
    ...settings,
    ...since,
    systems,
    mappings,
    onPartial: (side, error) => onProblem({ kind: 'partial-listing', side, error }),
  });
  const { groups, cursors, mentioned, lastTurn } = reading;
  const entries: Entry[] = [];
  await execute(groups, {
    stages: standardStages({ ...settings, mentioned, lastTurn, systems, mappings }),
    refetch: async ({ side, mention }) => (await systems[side].fetch(mention.key)) ?? tombstone(mention.key),
    depthOf: (entry) => depthOf(mappings, entry),
    settled: (group) => {
      entries.push(...group);
      return Promise.resolve();
    },
    isolates: (entry, error) => {
      onProblem({ kind: 'failed', entry, error });
      return true;
    },
  });
  return {
    entries,
    approvals: approvalsOf(entries),
    progress: { cursors, again: entries.filter(isUnfinished).map(keyOf) },
  };
}

/** What no later listing would mention again. */
const isUnfinished = ({ verdict }: Entry) =>
  verdict !== undefined &&
  ['held', 'skipped', 'conflict', 'quarantined', 'untouched', 'failed'].includes(verdict);

const keyOf = ({ side, mention }: Entry): Unfinished => ({ side, key: mention.key });

async function depthOf(mappings: Mappings, entry: Entry): Promise<number> {
  const seen = new Set<string>();
  let parent = entry.agreed?.place?.parent ?? null;
  while (parent !== null && !seen.has(parent)) {
    seen.add(parent);
    parent = (await mappings.byId(parent))?.agreed?.place?.parent ?? null;
  }
  return seen.size;
}
