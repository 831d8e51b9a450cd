import {
  type FieldGroup as MergedGroup,
  type MergeDecision,
  type Merged,
  mergeChanges,
  type MergeRule,
  type MergeSide,
} from '../../../shared/domain/merge';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { CopyChange, FieldDifference } from '../../../shared/domain/merge-differences';
import { type Entry, settle } from '../entry';
import type { Side } from '../mappings';
import type { Middleware } from '../pipeline';
import { type Change, deletedState, samePlace, type State } from '../state';
import type { Place } from '../system';

/** Who wins where both sides changed one thing differently. */
export type Policy = 'newest' | Side | 'merge' | 'manual';

/** Fields that are decided together: where both sides changed any of them, one policy decides them all. */
export type FieldGroup = MergedGroup<Policy>;

/** What decides a dispute; `nobody`: it waits for someone. */
export type Decision = Side | 'nobody' | { readonly values: Fields };

export type Handler = (entry: Entry, disputed: readonly FieldDifference[]) => Decision;

export interface ResolveConflictsSettings {
  readonly policy: Policy;
  /** A folder or a name in it is the field `place`. */
  readonly fieldGroups: readonly FieldGroup[];
  readonly handlers: Readonly<Partial<Record<Policy, Handler>>>;
  /** Told of a dispute for which there is no handler. */
  readonly onUnhandled: (entry: Entry, policy: Policy) => void;
}

/** Handlers of the policies that need to know nothing of the fields. `newer` may leave it to a person. */
export const plainHandlers = (
  newer: (entry: Entry) => Side | 'nobody',
): ResolveConflictsSettings['handlers'] => ({
  newest: newer,
  here: () => 'here',
  there: () => 'there',
  manual: () => 'nobody',
});

/**
 * Decides what both sides shall hold, by the rule in `shared/domain/merge.ts`: `one` is here, `other` there. What only
 * one side changed stands; a dispute goes to its policy. A deletion never beats a change, unless the policy names a
 * side. What nobody decides is left as it is on both sides.
 */
export function resolveConflicts(settings: ResolveConflictsSettings): Middleware {
  return (entry, next) => {
    if (entry.result === undefined) resolve(settings, entry);
    return entry.verdict === undefined ? next() : Promise.resolve();
  };
}

function resolve(settings: ResolveConflictsSettings, entry: Entry): void {
  const { changes, differences, views } = entry;
  const ours = views.here.state ?? deletedState;
  const theirs = views.there.state ?? deletedState;
  const known = { one: copyChange(changes.here), other: copyChange(changes.there), differences };
  const merged = mergeChanges(ours.fields, known, ruleOf(settings, entry));
  // Nothing decides it, and the entry says so.
  if (entry.verdict === undefined) takeMerged(settings, entry, merged, { ours, theirs });
}

/** What moved or is new has changed as well. */
const copyChange = (change: Change): CopyChange =>
  change === 'unchanged' || change === 'deleted' ? change : 'changed';

function ruleOf(settings: ResolveConflictsSettings, entry: Entry): MergeRule<Policy> {
  const { policy, fieldGroups } = settings;
  const keepsTheChange = policy === 'newest' || policy === 'merge';
  return {
    policy,
    fieldGroups,
    decideFields: (ofGroup, disputed) => decide(settings, entry, ofGroup, disputed),
    decideDeletion: (changed) => (keepsTheChange ? changed : decide(settings, entry, policy, [])),
  };
}

interface Both {
  readonly ours: State;
  readonly theirs: State;
}

function takeMerged(
  settings: ResolveConflictsSettings,
  entry: Entry,
  merged: Merged,
  { ours, theirs }: Both,
): void {
  switch (merged.kind) {
    case 'waits':
      park(entry, merged.fields);
      return;
    case 'side':
      entry.result = merged.side === 'one' ? ours : theirs;
      if (merged.isDisputed) entry.conflict = { fields: [], resolution: sideOf(merged.side) };
      return;
    case 'fields': {
      const place = mergePlaces(settings, entry, ours.place, theirs.place);
      if (entry.verdict !== undefined) return;
      const disputed = [...merged.disputes.fields, ...(place.winner === null ? [] : ['place'])];
      if (place.winner === 'nobody') {
        park(entry, disputed);
        return;
      }
      entry.conflict = conflictOf(disputed, merged.disputes.winner, place.winner);
      entry.result = { isActive: true, fields: merged.fields, place: place.place };
    }
  }
}

const sideOf = (side: MergeSide): Side => (side === 'one' ? 'here' : 'there');

type Winner = MergeSide | 'fields' | null;

function conflictOf(disputed: readonly string[], ofFields: Winner, ofPlace: Winner): Entry['conflict'] {
  const winner = ofFields ?? ofPlace;
  if (winner === null) return null;
  const isOne = winner !== 'fields' && (ofPlace === null || ofPlace === winner);
  return { fields: disputed, resolution: isOne ? sideOf(winner) : 'fields' };
}

interface MergedPlace {
  readonly place: Place | null;
  /** Null: nobody disputes it. */
  readonly winner: MergeSide | 'nobody' | null;
}

function mergePlaces(
  settings: ResolveConflictsSettings,
  entry: Entry,
  ours: Place | null,
  theirs: Place | null,
): MergedPlace {
  const agreed = entry.agreed?.place ?? null;
  const undisputed = (place: Place | null): MergedPlace => ({ place, winner: null });
  if (ours === null || theirs === null || samePlace(ours, theirs)) return undisputed(ours ?? theirs);
  if (agreed !== null && samePlace(theirs, agreed)) return undisputed(ours);
  if (agreed !== null && samePlace(ours, agreed)) return undisputed(theirs);
  const policy =
    settings.fieldGroups.find(({ fields }) => fields.includes('place'))?.policy ?? settings.policy;
  const decision = decide(settings, entry, policy, []);
  const winner = typeof decision === 'object' ? 'one' : decision;
  return { place: winner === 'other' ? theirs : ours, winner };
}

/** Without a handler the entry is left as it is. */
function decide(
  { handlers, onUnhandled }: ResolveConflictsSettings,
  entry: Entry,
  policy: Policy,
  disputed: readonly FieldDifference[],
): MergeDecision {
  const handler = handlers[policy];
  if (handler === undefined) {
    onUnhandled(entry, policy);
    settle(entry, 'untouched', `nothing decides the policy ${policy}`);
    return 'nobody';
  }
  const decision = handler(entry, disputed);
  if (decision === 'here') return 'one';
  return decision === 'there' ? 'other' : decision;
}

function park(entry: Entry, fields: readonly string[]): void {
  entry.conflict = { fields, resolution: null };
  settle(entry, 'conflict', 'both sides changed it, and someone has to decide');
}
