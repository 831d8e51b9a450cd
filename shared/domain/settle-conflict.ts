import { mergeCopies, type MergeRule, type Side } from './merge';
import type { Copy, Fields } from './merge-copy';

/** Whose values win where both changed one field; or new values, already validated, for some fields. */
export type ConflictChoice = Side | { readonly fields: Fields };

/** The copies of an entity in dispute. */
export interface DisputedCopies {
  /** The copy on which both sides last agreed. Null: they never agreed. */
  readonly base: Copy | null;
  readonly manager: Copy;
  readonly solution: Copy;
}

/**
 * The copy for both sides after a decision. Fields that only one side changed keep that change, whatever the choice.
 * New values for an entity that one side deleted make it live, with what the other side has.
 */
export function settledCopy(copies: DisputedCopies, choice: ConflictChoice): Copy {
  const { manager, solution } = copies;
  const settled = mergedFor(copies, choice === 'solution' ? 'solution' : 'manager');
  if (typeof choice === 'string') return settled;
  const { fields } = settled.isActive ? settled : manager.isActive ? manager : solution;
  return {
    isActive: true,
    fields: Object.fromEntries([...Object.entries(fields), ...Object.entries(choice.fields)]),
  };
}

function mergedFor({ base, manager, solution }: DisputedCopies, winner: Side): Copy {
  const merged = mergeCopies({ base, one: manager, other: solution }, ruleOf[winner]);
  switch (merged.kind) {
    case 'side':
      return merged.side === 'one' ? manager : solution;
    case 'fields':
      return { isActive: true, fields: merged.fields };
    case 'waits':
      throw new Error('a choice of one side decides everything');
  }
}

const always = (winner: 'one' | 'other'): MergeRule<null> => ({
  policy: null,
  fieldGroups: [],
  decideFields: () => winner,
  decideDeletion: () => winner,
});

const ruleOf: Readonly<Record<Side, MergeRule<null>>> = {
  manager: always('one'),
  solution: always('other'),
};
