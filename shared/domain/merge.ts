import { type Copy, type Fields, sameCopy } from './merge-copy';
import { changeOf, differingFields } from './merge-differences';

/** Who wins where both sides changed one field differently. Source: ePack V4, Processing. */
export type MergePolicy = 'newest' | 'manager' | 'solution' | 'manual';

export type Side = 'manager' | 'solution';

export interface MergeInput {
  /** The copy on which both sides last agreed; null: they never did. */
  readonly base: Copy | null;
  /** Null: the manager never had the entity. */
  readonly manager: Copy | null;
  readonly solution: Copy;
  readonly policy: MergePolicy;
  /** Fields with a policy of their own. */
  readonly fieldPolicies: Readonly<Record<string, MergePolicy>>;
  /** Whose last change is the later one, for the policy `newest`; the manager on a tie. */
  readonly newer: Side;
}

export interface MergeConflict {
  /** The fields that both sides changed differently; empty where one side deleted what the other changed. */
  readonly fields: readonly string[];
  /** Whose values won; `fields`: each side won some; null: parked until someone decides. */
  readonly resolution: Side | 'fields' | null;
}

export interface Merge {
  /** What the manager holds from now on; null: what it holds stays as it is. */
  readonly manager: Copy | null;
  /** What the solution must be told; null: nothing. Not active: it must delete the entity. */
  readonly instruction: Copy | null;
  /**
   * What both sides know of each other from now on: the solution's copy, since the manager has seen it.
   * Null: as it was, because a conflict is parked.
   */
  readonly base: Copy | null;
  /** The loser's values are those of the copy that lost. */
  readonly conflict: MergeConflict | null;
}

/**
 * The three-way rule for one entity that both sides edit. No clock is needed to see who changed.
 * Source: ePack V4, Processing, Parameters.
 */
export function mergeThreeWay(input: MergeInput): Merge {
  const { manager, solution } = input;
  if (sameCopy(manager ?? deleted, solution)) return outcome(input, manager, null);
  const solutionState = changeOf(input.base, solution);
  const managerState = changeOf(input.base, manager);
  if (solutionState === 'unchanged') return outcome(input, manager, null);
  if (managerState === 'unchanged') return outcome(input, solution, null);
  if (solutionState === 'deleted' || managerState === 'deleted') return mergeDeletion(input);
  return mergeFields(input);
}

/** One side deleted what the other changed: the change wins, unless the policy names a winner or asks someone. */
function mergeDeletion(input: MergeInput): Merge {
  const { policy, manager, solution } = input;
  if (policy === 'manual') return parked([]);
  const changedSide: Side = solution.isActive ? 'solution' : 'manager';
  const winner = policy === 'newest' ? changedSide : policy;
  const result = winner === 'solution' ? solution : manager;
  return outcome(input, result, { fields: [], resolution: winner });
}

function mergeFields(input: MergeInput): Merge {
  const base = fieldsOf(input.base);
  const manager = fieldsOf(input.manager);
  const solution = fieldsOf(input.solution);
  const merged = new Map(Object.entries(manager));
  const disputed = new Map<string, Side | null>();
  for (const { name, other, changedBy } of differingFields({ base, one: manager, other: solution })) {
    if (changedBy === 'one') continue;
    const winner = changedBy === 'both' ? winnerOf(input, name) : 'solution';
    if (changedBy === 'both') disputed.set(name, winner);
    if (winner === 'solution') merged.set(name, other);
  }
  const winners = new Set(disputed.values());
  if (winners.has(null)) return parked([...disputed.keys()]);
  const result: Copy = { isActive: true, fields: Object.fromEntries(merged) };
  if (disputed.size === 0) return outcome(input, result, null);
  return outcome(input, result, { fields: [...disputed.keys()], resolution: onlyOne(winners) ?? 'fields' });
}

function winnerOf(input: MergeInput, field: string): Side | null {
  const own = Object.hasOwn(input.fieldPolicies, field) ? input.fieldPolicies[field] : undefined;
  const policy = own ?? input.policy;
  switch (policy) {
    case 'newest':
      return input.newer;
    case 'manager':
    case 'solution':
      return policy;
    case 'manual':
      return null;
  }
}

function outcome(
  input: Pick<MergeInput, 'base' | 'manager' | 'solution'>,
  result: Copy | null,
  conflict: MergeConflict | null,
): Merge {
  return {
    manager: result === null || sameCopy(result, input.manager) ? null : result,
    instruction: result?.isActive === true ? instructionFor(result, input.solution) : deletionFor(input.base),
    base: input.solution,
    conflict,
  };
}

function instructionFor(result: Copy, solution: Copy): Copy | null {
  return sameCopy(result, solution) ? null : result;
}

/** Also told to the solution that deleted the entity itself, so that it can forget it. Not where it was never known. */
function deletionFor(base: Copy | null): Copy | null {
  return base === null ? null : deleted;
}

const deleted: Copy = { isActive: false, fields: {} };

const parked = (fields: readonly string[]): Merge => ({
  manager: null,
  instruction: null,
  base: null,
  conflict: { fields, resolution: null },
});

function fieldsOf(copy: Copy | null): Fields {
  return copy?.isActive === true ? copy.fields : {};
}

function onlyOne<T>(values: ReadonlySet<T>): T | undefined {
  const [first] = values;
  return values.size === 1 ? first : undefined;
}
