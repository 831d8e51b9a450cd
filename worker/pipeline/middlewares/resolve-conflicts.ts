import { type MergeDecision, type MergedFields, mergeFields } from '../../../shared/domain/merge';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { FieldDifference } from '../../../shared/domain/merge-differences';
import { createDisputes, type Disputes, judge, namesOf, park } from '../disputes';
import type { Compared, Decided } from '../entry';
import { mergeContents } from '../merge-content';
import { hasBadName, mergePlaces, withNumber } from '../merge-places';
import { writtenName } from '../names';
import type { Middleware } from '../pipeline';
import type { Decision, InitialPolicy, KeptBoth, ResolveConflictsSettings } from '../policies';
import { otherSide, type PerSide, perSide, type Side, sides } from '../sides';
import { deletedState, type State } from '../state';

/**
 * Decides what each side shall have, by the rule in `shared/domain/merge.ts` (`one` is here, `other` is there). A
 * change by one side goes to the other. A policy decides each dispute. Undecided values stay as they are on both sides,
 * and so do values that neither side changed, even if they differ.
 */
export function resolveConflicts(settings: ResolveConflictsSettings): Middleware<Compared, Decided> {
  return (entry, next) => {
    const decided = decide(settings, entry);
    if (decided === null) return Promise.resolve();
    const outcome = settings.reads === undefined ? decided : withoutWrites(decided, entry, settings.reads);
    if (hasBadName(settings, entry, outcome.results)) {
      park(entry, { kind: 'name', fields: ['place'], resolution: null });
      return Promise.resolve();
    }
    return next(Object.assign(entry, { ...nothingOpen, ...outcome }));
  };
}

type Outcome = Pick<Decided, 'results'> &
  Partial<Pick<Decided, 'open' | 'isMadeOfBoth' | 'keptAfter' | 'conflictCopy'>>;

/** The side that is only read stays as it is, whatever was decided for it. */
function withoutWrites(outcome: Outcome, { states }: Compared, side: Side): Outcome {
  const other = otherSide(side);
  const result = outcome.results[other];
  const results =
    side === 'here' ? { here: states.here, there: result } : { here: result, there: states.there };
  if (states[side].isActive === result.isActive) return { ...outcome, results };
  return { ...outcome, results, keptAfter: result.isActive ? side : other };
}

const nothingOpen = { open: [], isMadeOfBoth: false, keptAfter: null, conflictCopy: null };

/** Null: the entry waits and contains the reason. */
function decide(settings: ResolveConflictsSettings, entry: Compared): Outcome | null {
  const { states, changes, isAlike, link, takesAllOf } = entry;
  const { lead } = settings;
  const wanted = settings.wanted?.(entry) ?? null;
  if (wanted !== null) {
    if (wanted.needsApproval) entry.needs = 'deletions';
    return wanted;
  }
  if (isAlike) return { results: states };
  if (lead !== null) return { results: bothAs(settings, entry, lead) };
  if (changes.here === 'unchanged' && changes.there === 'unchanged')
    return { results: states, keptAfter: markedSide(entry) };
  if (takesAllOf !== null) return { results: bothAs(settings, entry, takesAllOf) };
  if (states.here.isActive && states.there.isActive) return mergeChanges(settings, entry);
  if (link?.state === 'deleted-here' || link?.state === 'deleted-there')
    return { results: states, keptAfter: markedSide(entry) };
  return decideAbsence(settings, entry);
}

/** The side that deleted it, where it was decided that the other keeps it. */
function markedSide({ link, states }: Compared): Side | null {
  const isMarked = link?.state === 'deleted-here' || link?.state === 'deleted-there';
  return isMarked ? (sides.find((side) => !states[side].isActive) ?? null) : null;
}

/** Both sides get the copy of that side, as far as it may be written to the other. */
function bothAs(settings: ResolveConflictsSettings, { states }: Compared, side: Side): PerSide<State> {
  const other = otherSide(side);
  const state = states[side];
  return side === 'here'
    ? { here: state, there: asMadeOn(settings, other, state) }
    : { here: asMadeOn(settings, other, state), there: state };
}

function asMadeOn({ flows, names }: ResolveConflictsSettings, side: Side, state: State): State {
  if (!state.isActive) return deletedState;
  const barred = side === 'here' ? 'to-there' : 'to-here';
  const isBarred = (name: string) => Object.hasOwn(flows, name) && flows[name] === barred;
  const hasBarred = Object.keys(state.fields).some(isBarred);
  const fields = hasBarred
    ? Object.fromEntries(Object.entries(state.fields).filter(([name]) => !isBarred(name)))
    : state.fields;
  const { place } = state;
  const name = place === null ? '' : writtenName(names[side], place.name);
  if (!hasBarred && (place === null || name === place.name)) return state;
  return { ...state, fields, place: place && { parent: place.parent, name } };
}

/** One side has the item, the other does not. */
function decideAbsence(settings: ResolveConflictsSettings, entry: Compared): Outcome | null {
  const { states, changes } = entry;
  const { unchanged } = settings.deletionPolicies;
  const holder: Side = states.here.isActive ? 'here' : 'there';
  const lacking = otherSide(holder);
  if (changes[lacking] !== 'deleted')
    return { results: withNumber(settings, entry, bothAs(settings, entry, holder)) };
  if (changes[holder] !== 'unchanged') return decideDeletion(settings, entry, holder);
  switch (entry.pass.comesBack || settings.isKept(entry) ? 'restore' : unchanged[lacking]) {
    case 'restore':
      return { results: withNumber(settings, entry, bothAs(settings, entry, holder)) };
    case 'mark':
      return { results: states, keptAfter: lacking };
    case 'ask':
    case 'propagate':
      if (unchanged[lacking] === 'ask' || entry.isDoubted) entry.needs = 'deletions';
      return { results: { here: deletedState, there: deletedState } };
  }
}

/** One side deleted what the other changed. */
function decideDeletion(settings: ResolveConflictsSettings, entry: Compared, changed: Side): Outcome | null {
  const winner = settings.decided(entry, []) ?? winnerOfDeletion(settings, changed);
  if (winner !== 'here' && winner !== 'there') {
    park(entry, { kind: 'deletion', fields: [], resolution: null });
    return null;
  }
  entry.conflict = { kind: 'deletion', fields: [], resolution: winner };
  if (winner !== changed && entry.isDoubted) entry.needs = 'deletions';
  return { results: withNumber(settings, entry, bothAs(settings, entry, winner)) };
}

function winnerOfDeletion({ deletionPolicies }: ResolveConflictsSettings, changed: Side): Side | 'nobody' {
  switch (deletionPolicies.againstChange) {
    case 'restore':
      return changed;
    case 'delete':
      return otherSide(changed);
    case 'manual':
      return 'nobody';
    default:
      return deletionPolicies.againstChange;
  }
}

function mergeChanges(settings: ResolveConflictsSettings, entry: Compared): Outcome | null {
  const { states } = entry;
  const disputes = createDisputes();
  const fields = mergeOwnFields(settings, entry, disputes);
  if (fields === null) return null;
  const places = mergePlaces(settings, entry, disputes);
  if (places === null) return null;
  const contents = mergeContents(settings, entry, disputes);
  if (contents === null) return null;
  const { open } = disputes;
  if (open.length > 0 && (settings.parks === 'entity' || entry.isJoined)) {
    park(entry, disputes.conflict());
    return null;
  }
  if (disputes.fields.length > 0) entry.conflict = disputes.conflict();
  const results = perSide((side): State => {
    const content = contents.contents[side];
    const state = { ...states[side], fields: fields[side], place: places[side] };
    return content === undefined ? state : { ...state, content };
  });
  return {
    results: withNumber(settings, entry, results),
    open,
    isMadeOfBoth: disputes.areMadeOfBoth(),
    conflictCopy: contents.conflictCopy,
  };
}

// Fields

/** Null: nothing decides. */
function mergeOwnFields(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): PerSide<Fields> | null {
  const { initial, policy, fieldGroups } = settings;
  const copies = { one: entry.states.here.fields, other: entry.states.there.fields };
  const reopened = settings.reopened?.(entry) ?? [];
  const differences = directed(settings, entry.differences).map((difference) =>
    reopened.includes(difference.name) ? asDisputed(difference) : difference,
  );
  const joins = entry.isJoined ? initial : null;
  const unhandled: string[] = [];
  const merged: MergedFields = mergeFields(
    copies,
    joins === null ? differences : differences.map(asDisputed),
    {
      policy,
      fieldGroups: joins === null ? fieldGroups : [],
      decideFields: (_, disputed, group) => {
        const decision = ofFields(
          joins === null ? judge(settings, entry, group, disputed) : joined(settings, entry, joins, disputed),
        );
        if (decision === null) unhandled.push(...namesOf(disputed));
        disputes.add(namesOf(disputed), decision ?? 'nobody');
        return mergeDecision(decision ?? 'nobody');
      },
      decideDeletion: () => 'nobody',
    },
  );
  return unhandled.length > 0 ? null : { here: merged.one, there: merged.other };
}

const asDisputed = (difference: FieldDifference): FieldDifference => ({ ...difference, changedBy: 'both' });

const mergeDecision = (decision: FieldDecision): MergeDecision =>
  decision === 'here' ? 'one' : decision === 'there' ? 'other' : decision;

type FieldDecision = Exclude<Decision, KeptBoth>;

/** For fields, `keep-both` is not possible. */
const ofFields = (decision: Decision | null): FieldDecision | null =>
  decision !== null && typeof decision === 'object' && 'stays' in decision ? 'nobody' : decision;

/** The two were just matched and never compared, so nobody has changed anything. */
function joined(
  settings: ResolveConflictsSettings,
  entry: Compared,
  initial: InitialPolicy,
  disputed: readonly FieldDifference[],
): Decision {
  const decided = settings.decided(entry, namesOf(disputed));
  if (decided !== null) return decided;
  if (initial !== 'fill-empty') return initial === 'manual' ? 'nobody' : initial;
  if (disputed.every(({ one }) => one === null)) return 'there';
  return disputed.every(({ other }) => other === null) ? 'here' : 'nobody';
}

/** A field with one direction is only changed by the side that it comes from. */
function directed(
  { flows }: ResolveConflictsSettings,
  differences: readonly FieldDifference[],
): readonly FieldDifference[] {
  if (Object.keys(flows).length === 0) return differences;
  return differences.flatMap((difference): FieldDifference[] => {
    const flow = Object.hasOwn(flows, difference.name) ? flows[difference.name] : undefined;
    if (flow === undefined) return [difference];
    const source = flow === 'to-there' ? 'one' : 'other';
    const isChanged = difference.changedBy === source || difference.changedBy === 'both';
    return isChanged ? [{ ...difference, changedBy: source }] : [];
  });
}
