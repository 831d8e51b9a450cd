import {
  type FieldGroup as MergedGroup,
  type MergeDecision,
  type MergedFields,
  mergeFields,
} from '../../../shared/domain/merge';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { FieldDifference } from '../../../shared/domain/merge-differences';
import { type Compared, type Conflict, type Decided, settle } from '../entry';
import { otherSide, type PerSide, perSide, type Side, sides } from '../sides';
import { numberedName, sameName, writtenName } from '../names';
import type { Middleware } from '../pipeline';
import { deletedState, type State } from '../state';
import type { NameRules, Place } from '../system';

/** Who wins where both sides changed one thing differently. */
export type Policy = 'newest' | Side | 'merge' | 'manual';

/** Fields that are decided together: where both sides changed any of them, one policy decides them all. */
export interface FieldGroup extends MergedGroup<Policy> {
  /** Decides this group, in place of the handler of its policy. */
  readonly handler?: Handler;
}

/** What decides a dispute; `nobody`: it waits for someone. */
export type Decision = Side | 'nobody' | { readonly values: Fields };

export type Handler = (entry: Compared, disputed: readonly FieldDifference[]) => Decision;

/** What two items hold differently that were found to be one entity. `fill-empty`: an empty field takes the other's value. */
export type InitialPolicy = Side | 'manual' | 'fill-empty';

/** What becomes of what one side deleted. */
export interface DeletionPolicies {
  /**
   * By the side that deleted it, where the other has not changed it. `mark`: the other keeps it; `ask`: once someone
   * approved; `restore`: it is made again.
   */
  readonly unchanged: PerSide<'propagate' | 'mark' | 'ask' | 'restore'>;
  /** Where the other side changed it. A side: its copy wins, deleted or not. */
  readonly againstChange: 'restore' | 'delete' | 'manual' | Side;
}

export const propagateDeletions: DeletionPolicies = {
  unchanged: { here: 'propagate', there: 'propagate' },
  againstChange: 'restore',
};

export interface ResolveConflictsSettings {
  readonly policy: Policy;
  /** A folder or a name in it is the field `place`, the bytes of a file are the field `content`. */
  readonly fieldGroups: readonly FieldGroup[];
  readonly handlers: Readonly<Partial<Record<Policy, Handler>>>;
  /** Told of a dispute for which there is no handler. */
  readonly onUnhandled: (entry: Compared, policy: Policy) => void;
  /** Null: as if both had changed. */
  readonly initial: InitialPolicy | null;
  readonly deletionPolicies: DeletionPolicies;
  /** Someone refused its deletion: it is made again where it was deleted. */
  readonly isKept: (entry: Compared) => boolean;
  /** Fields whose values go one way only. */
  readonly flows: Readonly<Record<string, 'to-here' | 'to-there'>>;
  /** What waits with a field that nobody decides: the entity, or that field alone. */
  readonly parks: 'entity' | 'fields';
  /** What someone decided about this very dispute; null: nobody has. */
  readonly decided: (entry: Compared, disputed: readonly string[]) => Decision | null;
  readonly lead: Side | null;
  readonly names: PerSide<NameRules | null>;
}

/** Handlers of the policies that need to know nothing of the fields. `newer` may leave it to a person. */
export const plainHandlers = (
  newer: (entry: Compared) => Side | 'nobody',
): ResolveConflictsSettings['handlers'] => ({
  newest: newer,
  here: () => 'here',
  there: () => 'there',
  manual: () => 'nobody',
});

/**
 * Decides what each side shall hold, by the rule in `shared/domain/merge.ts`: `one` is here, `other` there. What only
 * one side changed goes to the other; a dispute goes to its policy. What nobody decides stays as it is on both sides,
 * and so does what neither changed, however different it is.
 */
export function resolveConflicts(settings: ResolveConflictsSettings): Middleware<Compared, Decided> {
  return (entry, next) => {
    const outcome = decide(settings, entry);
    return outcome === null ? Promise.resolve() : next(Object.assign(entry, { ...nothingOpen, ...outcome }));
  };
}

type Outcome = Pick<Decided, 'results'> & Partial<Pick<Decided, 'open' | 'isMadeOfBoth' | 'keptAfter'>>;

const nothingOpen = { open: [], isMadeOfBoth: false, keptAfter: null };

/** Null: it waits, and the entry says why. */
function decide(settings: ResolveConflictsSettings, entry: Compared): Outcome | null {
  const { states, changes, isAlike, link, takesAllOf } = entry;
  const { lead } = settings;
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

/** Both hold what that side holds, as far as it may be written to the other. */
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

/** One side holds it, the other does not. */
function decideAbsence(settings: ResolveConflictsSettings, entry: Compared): Outcome | null {
  const { states, changes } = entry;
  const { unchanged } = settings.deletionPolicies;
  const holder: Side = states.here.isActive ? 'here' : 'there';
  const lacking = otherSide(holder);
  if (changes[lacking] !== 'deleted')
    return withNumber(settings, entry, { results: bothAs(settings, entry, holder) });
  if (changes[holder] !== 'unchanged') return decideDeletion(settings, entry, holder);
  switch (entry.pass.comesBack || settings.isKept(entry) ? 'restore' : unchanged[lacking]) {
    case 'restore':
      return withNumber(settings, entry, { results: bothAs(settings, entry, holder) });
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
  return withNumber(settings, entry, { results: bothAs(settings, entry, winner) });
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
    const content = contents[side];
    const state = { ...states[side], fields: fields[side], place: places[side] };
    return content === undefined ? state : { ...state, content };
  });
  return withNumber(settings, entry, { results, open, isMadeOfBoth: disputes.areMadeOfBoth() });
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
  const differences = directed(settings, entry.differences);
  const joins = entry.isJoined ? initial : null;
  const unhandled: string[] = [];
  const merged: MergedFields = mergeFields(
    copies,
    joins === null ? differences : differences.map(asDisputed),
    {
      policy,
      fieldGroups: joins === null ? fieldGroups : [],
      decideFields: (_, disputed, group) => {
        const decision =
          joins === null ? judge(settings, entry, group, disputed) : joined(settings, entry, joins, disputed);
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

const mergeDecision = (decision: Decision): MergeDecision =>
  decision === 'here' ? 'one' : decision === 'there' ? 'other' : decision;

/** The two were never compared: nobody changed anything. */
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

/** A field that goes one way is changed by the side that it comes from, or not at all. */
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

const namesOf = (differences: readonly FieldDifference[]) => differences.map(({ name }) => name);

// Places

type Part = Side | 'each' | 'disputed';

/** A folder and a name in it are changed apart: one side may move what the other renames. Null: nothing decides. */
function mergePlaces(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): PerSide<Place | null> | null {
  const { states, bases } = entry;
  const own = { here: states.here.place, there: states.there.place };
  if (own.here === null || own.there === null) return own;
  const rules = [settings.names.here, settings.names.there];
  const before = { here: bases.here?.place ?? null, there: bases.there?.place ?? null };
  const parent = partOf(entry, own, before, (one, other) => one.parent === other.parent);
  const name = partOf(entry, own, before, (one, other) => one.name === other.name);
  const isOneName = sameName(rules, own.here.name, own.there.name);
  const parts = {
    parent: parent !== 'each' && isInCycle(entry) ? 'disputed' : parent,
    name: name === 'disputed' && isOneName ? 'each' : name,
  } as const;
  if (parts.parent !== 'disputed' && parts.name !== 'disputed')
    return placed(settings, { here: own.here, there: own.there }, parts.parent, parts.name);
  const winner = judgePlace(settings, entry, disputes);
  if (winner === null) return null;
  if (winner === 'nobody') return own;
  const settled = (part: Part) => (part === 'disputed' ? winner : part);
  return placed(settings, { here: own.here, there: own.there }, settled(parts.parent), settled(parts.name));
}

function partOf(
  { bases }: Compared,
  own: PerSide<Place | null>,
  before: PerSide<Place | null>,
  isSame: (one: Place, other: Place) => boolean,
): Part {
  const { here, there } = own;
  if (here === null || there === null || isSame(here, there)) return 'each';
  const stayed = (side: Side) => {
    const [place, then] = [own[side], before[side]];
    return place !== null && then !== null && bases[side] !== null && isSame(place, then);
  };
  if (stayed('there')) return stayed('here') ? 'each' : 'here';
  return stayed('here') ? 'there' : 'disputed';
}

/** Each was moved into the other, on one side each: somebody's move has to go. */
const isInCycle = ({ pass }: Compared) => pass.number >= 2 && pass.wasBlocked?.code === 'cycle';

/** From so many passes on, what a policy decides for each folder alone may go on being a cycle. */
const patience = 4;

function judgePlace(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): Side | 'nobody' | null {
  if (isInCycle(entry) && entry.pass.number >= patience) return 'here';
  const decision = disputes.add(['place'], judge(settings, entry, groupOf(settings, 'place'), []));
  if (decision === null) return null;
  return typeof decision === 'object' ? 'here' : decision;
}

const placed = (
  { names }: ResolveConflictsSettings,
  own: PerSide<Place>,
  parent: Side | 'each',
  name: Side | 'each',
): PerSide<Place> =>
  perSide((side) => ({
    parent: own[parent === 'each' ? side : parent].parent,
    name: name === 'each' || name === side ? own[side].name : writtenName(names[side], own[name].name),
  }));

/** Its name was taken, and it is the one that gives way. */
function withNumber(settings: ResolveConflictsSettings, { pass }: Compared, outcome: Outcome): Outcome {
  const side = pass.wasBlocked?.side;
  const name = side === undefined ? undefined : outcome.results[side].place?.name;
  if (pass.nameNumber === 0 || name === undefined) return outcome;
  const numbered = numberedName(name, pass.nameNumber);
  const results = perSide((one): State => {
    const state = outcome.results[one];
    if (state.place === null) return state;
    return { ...state, place: { ...state.place, name: writtenName(settings.names[one], numbered) } };
  });
  return { ...outcome, results };
}

// Content

/** Null: nothing decides. */
function mergeContents(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): PerSide<string | undefined> | null {
  const { states, bases, hasSameContent } = entry;
  const own = { here: states.here.content, there: states.there.content };
  if (own.here === undefined || own.there === undefined) return own;
  if (own.here === own.there || hasSameContent === true) return own;
  const stayed = (side: Side) => bases[side]?.content === own[side];
  if (stayed('here') && stayed('there')) return own;
  if (stayed('here')) return { here: own.there, there: own.there };
  if (stayed('there')) return { here: own.here, there: own.here };
  const { initial } = settings;
  const isNamed = entry.isJoined && (initial === 'here' || initial === 'there');
  const decision = isNamed
    ? initial
    : disputes.add(['content'], judge(settings, entry, groupOf(settings, 'content'), []));
  if (decision === null) return null;
  if (decision !== 'here' && decision !== 'there') return own;
  return { here: own[decision], there: own[decision] };
}

// Disputes

const groupOf = ({ policy, fieldGroups }: ResolveConflictsSettings, name: string): FieldGroup =>
  fieldGroups.find(({ fields }) => fields.includes(name)) ?? { fields: [name], policy };

/** Null: there is no handler, and the entry is left as it is. */
function judge(
  settings: ResolveConflictsSettings,
  entry: Compared,
  { fields, policy, handler }: FieldGroup,
  disputed: readonly FieldDifference[],
): Decision | null {
  const names = disputed.length > 0 ? namesOf(disputed) : fields;
  const decided = settings.decided(entry, names);
  if (decided !== null) return decided;
  const decides = handler ?? settings.handlers[policy];
  if (decides !== undefined) return decides(entry, disputed);
  settings.onUnhandled(entry, policy);
  settle(entry, 'untouched', `nothing decides the policy ${policy}`);
  return null;
}

function park(entry: Compared, conflict: Conflict): void {
  entry.conflict = conflict;
  settle(entry, 'conflict', 'both sides changed it, and someone has to decide');
}

type Disputes = ReturnType<typeof createDisputes>;

/** The disputes of one entity, and who won them. */
function createDisputes() {
  const fields: string[] = [];
  const open: string[] = [];
  const winners = new Set<Side | 'nobody' | 'fields'>();
  return {
    fields,
    open,
    areMadeOfBoth: () => winners.has('fields'),
    add(names: readonly string[], decision: Decision | null): Decision | null {
      fields.push(...names);
      if (decision === 'nobody') open.push(...names);
      if (decision !== null) winners.add(typeof decision === 'object' ? 'fields' : decision);
      return decision;
    },
    conflict(): Conflict {
      const [winner] = winners;
      const isOne = winners.size === 1 && winner !== undefined && winner !== 'nobody';
      const resolution = open.length > 0 ? null : isOne ? winner : 'fields';
      return { kind: 'fields', fields, resolution };
    },
  };
}
