import { type Entry, isUnfinished } from './entry';
import { execute } from './executor';
import type { Mappings, PerSide, Side } from './mappings';
import { rehearse } from './rehearsal';
import { readSystems, streamSystem, tombstone, type Unfinished } from './source';
import { type StageSettings, standardStages } from './stages';

export interface SynchroniseSettings extends Omit<StageSettings, 'mentioned' | 'lastTurn'> {
  /** `plan`: the same is done, and nothing is written. */
  readonly mode: 'apply' | 'plan';
  readonly reading: Reading;
  /** Where the last run ended, and what it did not finish. */
  readonly since: Progress;
  /** Told of all entries with their verdicts, a group at a time. */
  readonly settled: (entries: readonly Entry[]) => Promise<void>;
  /** True: an error fails its entry alone, and the entry comes again. False: it ends the run. */
  readonly isolates: boolean;
  /** Told of what went wrong with a listing or an entry. */
  readonly onProblem: (problem: Problem) => void;
}

/**
 * `whole`: what the readable systems mention is gathered first. `stream`: one system without folders, which lists each
 * key once, is read page by page: memory holds one page.
 */
export type Reading =
  | { readonly by: 'whole'; readonly readable: readonly Side[] }
  | { readonly by: 'stream'; readonly side: Side };

/** Where a run ended: the next one goes on from there. */
export interface Progress {
  readonly cursors: PerSide<string | null>;
  readonly again: readonly Unfinished[];
}

export const fromTheBeginning: Progress = { cursors: { here: null, there: null }, again: [] };

export type Problem =
  | { readonly kind: 'partial-listing'; readonly side: Side; readonly error: unknown }
  | { readonly kind: 'failed'; readonly entry: Entry; readonly error: unknown };

/** Brings two systems together: reads what changed, changes what is behind, then deletes what is gone. */
export async function synchronise(settings: SynchroniseSettings): Promise<Progress> {
  const { onProblem, since, mode, isolates } = settings;
  const { systems, mappings } = mode === 'plan' ? rehearse(settings.systems, settings.mappings) : settings;
  const { groups, cursors, mentioned, lastTurn } = await read({ ...settings, systems, mappings });
  const again: Unfinished[] = [];
  await execute(groups, {
    stages: standardStages({ ...settings, mentioned, lastTurn, systems, mappings }),
    refetch: async ({ side, mention }) => (await systems[side].fetch(mention.key)) ?? tombstone(mention.key),
    depthOf: (entry) => depthOf(mappings, entry),
    settled: (entries) => {
      again.push(...entries.filter(isUnfinished).map(keyOf));
      return settings.settled(entries);
    },
    isolates: (entry, error) => {
      if (isolates) onProblem({ kind: 'failed', entry, error });
      return isolates;
    },
  });
  return { cursors: cursors ?? since.cursors, again };
}

interface Read extends Pick<StageSettings, 'mentioned' | 'lastTurn'> {
  readonly groups: Iterable<readonly Entry[]> | AsyncIterable<readonly Entry[]>;
  /** Null: where they were. */
  readonly cursors: PerSide<string | null> | null;
}

async function read(settings: SynchroniseSettings): Promise<Read> {
  const { reading, systems, since, onProblem } = settings;
  if (reading.by === 'whole')
    return readSystems({
      ...settings,
      ...since,
      readable: reading.readable,
      onPartial: (side, error) => onProblem({ kind: 'partial-listing', side, error }),
    });
  const { side } = reading;
  return {
    groups: streamSystem(side, systems[side].list(since.cursors[side])),
    cursors: null,
    mentioned: () => undefined,
    lastTurn: () => -1,
  };
}

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
