import type { FieldDifference } from '../../shared/domain/merge-differences';
import type { Mapping, PerSide, Side } from './mappings';
import type { Change, State } from './state';
import type { Item } from './system';

/** What becomes of an entry in the end. */
export type Verdict =
  | 'created'
  | 'updated'
  | 'moved'
  | 'deleted'
  /** Both sides say the same, and it is what they agreed on before. */
  | 'unchanged'
  /** Both sides say the same: it is the new base. */
  | 'agreed'
  /** Mentioned again later in the run. */
  | 'duplicate'
  /** Waits for an approval, or for another entry that failed or waits. */
  | 'held'
  /** Above a hard limit. */
  | 'skipped'
  /** Waits for someone: both copies stay as they are. */
  | 'conflict'
  | 'quarantined'
  /** Left as it is, for a reason that is logged. */
  | 'untouched'
  | 'failed';

/** What asks for an approval. */
export type ApprovalKind = 'changes' | 'deletions';

/** One side's view of an entity. */
export interface View {
  /** Null: that side does not hold it. */
  readonly item: Item | null;
  /** The item in words that both sides share. */
  readonly state: State | null;
}

/** Something that both sides changed differently. The loser's values are those of its view. */
export interface Conflict {
  /** Empty: one side deleted what the other changed. A place is called `place`. */
  readonly fields: readonly string[];
  /** Whose values won; `fields`: each side won some; null: nobody has decided. */
  readonly resolution: Side | 'fields' | null;
}

/** Something that was done to one side; in a plan: that would be done. */
export interface Operation {
  readonly side: Side;
  readonly op: 'create' | 'update' | 'move' | 'delete';
}

/** One entity on its way through the stages: what is known of it, and what becomes of it. */
export interface Entry {
  /** The side that mentioned it. */
  readonly side: Side;
  /** As it was mentioned; where it started anew: as its side held it then. */
  mention: Item;
  /** Its turn in the run's reading: of two mentions of one entity the later counts. */
  readonly turn: number;
  /** Runs only once this one has: the folder that it lies in. */
  readonly predecessor: Entry | null;
  attempts: number;
  mapping: Mapping | null;
  /** The copy that both sides last agreed on. */
  agreed: State | null;
  views: PerSide<View>;
  changes: PerSide<Change>;
  differences: readonly FieldDifference[];
  conflict: Conflict | null;
  /** What both sides shall hold. Undefined: not decided. */
  result: State | undefined;
  /** Above a soft limit: it is decided, but not carried out. */
  needs: ApprovalKind | null;
  operations: Operation[];
  /** Something would be deleted: it waits for the second stage. */
  isDestructive: boolean;
  /** Undefined: still on its way. */
  verdict: Verdict | undefined;
  /** A sentence for a person, where the verdict needs one. */
  reason: string | null;
  /** Something was not as expected: it starts anew. */
  startsAnew: boolean;
}

export function createEntry(
  side: Side,
  mention: Item,
  turn: number,
  predecessor: Entry | null = null,
): Entry {
  return { side, mention, turn, predecessor, attempts: 1, ...nothingKnown() };
}

/** What was found out is given up; what its side holds now counts. */
export function restart(entry: Entry, mention: Item): void {
  Object.assign(entry, nothingKnown(), { mention, attempts: entry.attempts + 1 });
}

/** It is not as both sides shall hold it: no later listing would mention it again, and its folder must stay. */
export const isUnfinished = ({ verdict }: Entry): boolean =>
  verdict !== undefined && unfinishedVerdicts.has(verdict);

const unfinishedVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'held',
  'skipped',
  'conflict',
  'quarantined',
  'untouched',
  'failed',
]);

export function settle(entry: Entry, verdict: Verdict, reason: string | null = null): void {
  entry.verdict = verdict;
  entry.reason = reason;
}

/** It is looked at again, from the beginning; after too many attempts it has failed, for this reason. */
export function startAnew(entry: Entry, reason: string): void {
  entry.startsAnew = true;
  entry.reason = reason;
}

const unseen: View = { item: null, state: null };

const nothingKnown = () => ({
  mapping: null,
  agreed: null,
  views: { here: unseen, there: unseen },
  changes: { here: 'unchanged' as const, there: 'unchanged' as const },
  differences: [],
  conflict: null,
  result: undefined,
  needs: null,
  operations: [],
  isDestructive: false,
  verdict: undefined,
  reason: null,
  startsAnew: false,
});
