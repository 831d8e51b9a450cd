import type { FieldGroup as MergedGroup } from '../../shared/domain/merge';
import type { Fields } from '../../shared/domain/merge-copy';
import type { FieldDifference } from '../../shared/domain/merge-differences';
import type { Compared } from './entry';
import type { PerSide, Side } from './sides';
import type { State } from './state';
import type { NameRules } from './system';

/** Who wins if both sides changed the same thing differently. `keep-both` only applies to contents. */
export type Policy = 'newest' | Side | 'merge' | 'manual' | 'keep-both';

/** Fields that are decided together: where both sides changed any of them, one policy decides them all. */
export interface FieldGroup extends MergedGroup<Policy> {
  /** Decides this group, in place of the handler of its policy. */
  readonly handler?: Handler;
}

/** What decides a dispute; `nobody`: it waits for someone. */
export type Decision = Side | 'nobody' | { readonly values: Fields } | KeptBoth;

/** For contents: one side's content keeps the name on both sides, and the other content becomes a conflict copy. */
export interface KeptBoth {
  readonly stays: Side;
  /** The name of the conflict copy, made from the name of the item. */
  readonly nameOfCopy: (name: string) => string;
}

export type Handler = (entry: Compared, disputed: readonly FieldDifference[]) => Decision;

/**
 * What happens to different values of two items that were just matched. `fill-empty`: an empty field takes the other's
 * value.
 */
export type InitialPolicy = Side | 'manual' | 'fill-empty';

/** What happens to an item that one side deleted. */
export interface DeletionPolicies {
  /**
   * By the side that deleted it, if the other side has not changed it. `propagate`: it is deleted there too; `mark`:
   * the other side keeps it; `ask`: it is deleted there once someone approves; `restore`: it is made again.
   */
  readonly unchanged: PerSide<'propagate' | 'mark' | 'ask' | 'restore'>;
  /** Where the other side changed it. A side: its copy wins, deleted or not. */
  readonly againstChange: 'restore' | 'delete' | 'manual' | Side;
}

export const propagateDeletions: DeletionPolicies = {
  unchanged: { here: 'propagate', there: 'propagate' },
  againstChange: 'restore',
};

/** What happens to a name that a side cannot take. `manual`: someone has to decide. */
export interface NamePolicies {
  /** Two items want the same name. `suffix`: the one that gives way gets a number. */
  readonly clash: 'suffix' | 'manual';
  /** The system cannot write the name. `fit`: the name is adapted to what the system can write. */
  readonly bad: 'fit' | 'manual';
}

export const usualNames: NamePolicies = { clash: 'suffix', bad: 'fit' };

export interface ResolveConflictsSettings {
  readonly policy: Policy;
  /** A folder or a name in it is the field `place`, the bytes of a file are the field `content`. */
  readonly fieldGroups: readonly FieldGroup[];
  readonly handlers: Readonly<Partial<Record<Policy, Handler>>>;
  /** Called for a dispute without a handler. */
  readonly onUnhandled: (entry: Compared, policy: Policy) => void;
  /** Null: as if both had changed. */
  readonly initial: InitialPolicy | null;
  readonly deletionPolicies: DeletionPolicies;
  /** True if someone has refused the deletion, so that the item is made again where it was deleted. */
  readonly isKept: (entry: Compared) => boolean;
  /** Fields whose values go one way only. */
  readonly flows: Readonly<Record<string, 'to-here' | 'to-there'>>;
  /** What waits if a field is not decided: the whole entity, or only that field. */
  readonly parks: 'entity' | 'fields';
  /** What someone decided about this very dispute; null: nobody has. */
  readonly decided: (entry: Compared, disputed: readonly string[]) => Decision | null;
  /**
   * Fields that somebody decided although one side alone changed them, because they went back and forth. Left out: none.
   */
  readonly reopened?: (entry: Compared) => readonly string[];
  /** What someone wants both sides to hold, whatever changed; null, or left out: nobody does. */
  readonly wanted?: (entry: Compared) => WantedStates | null;
  /** The side that is only read: nothing is ever written to it. Left out: both sides are written. */
  readonly reads?: Side;
  readonly lead: Side | null;
  readonly names: PerSide<NameRules | null>;
  readonly namePolicies: NamePolicies;
}

export interface WantedStates {
  readonly results: PerSide<State>;
  /** The side from which it is taken away, and which is not to get it again by itself. */
  readonly keptAfter: Side | null;
  readonly needsApproval: boolean;
}

/** Handlers of the policies that do not depend on the fields. `newer` may leave the decision to a person. */
export const plainHandlers = (
  newer: (entry: Compared) => Side | 'nobody',
): ResolveConflictsSettings['handlers'] => ({
  newest: newer,
  here: () => 'here',
  there: () => 'there',
  manual: () => 'nobody',
});
