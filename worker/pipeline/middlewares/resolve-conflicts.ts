import type { Fields, FieldValue } from '../../../shared/domain/merge-copy';
import type { FieldDifference } from '../../../shared/domain/merge-differences';
import { type Entry, settle } from '../entry';
import type { Side } from '../mappings';
import type { Middleware } from '../pipeline';
import { deletedState, samePlace, type State } from '../state';
import type { Place } from '../system';

/** Who wins where both sides changed one thing differently. */
export type Policy = 'newest' | Side | 'merge' | 'manual';

/** Fields that are decided together: where both sides changed any of them, one policy decides them all. */
export interface FieldGroup {
  readonly fields: readonly string[];
  readonly policy: Policy;
}

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

/** Handlers of the policies that need to know nothing of the fields. */
export const plainHandlers = (newer: (entry: Entry) => Side): ResolveConflictsSettings['handlers'] => ({
  newest: newer,
  here: () => 'here',
  there: () => 'there',
  manual: () => 'nobody',
});

/**
 * Decides what both sides shall hold. What only one side changed stands; a dispute goes to its policy. A deletion
 * never beats a change, unless the policy names a side. What nobody decides is left as it is on both sides.
 */
export function resolveConflicts(settings: ResolveConflictsSettings): Middleware {
  return (entry, next) => {
    const { changes, views } = entry;
    const ours = views.here.state ?? deletedState;
    const theirs = views.there.state ?? deletedState;
    if (entry.result === undefined) {
      if (changes.there === 'unchanged') entry.result = ours;
      else if (changes.here === 'unchanged') entry.result = theirs;
      else if (ours.isActive && theirs.isActive) mergeChanges(settings, entry, ours, theirs);
      else decideDeletion(settings, entry, ours, theirs);
    }
    return entry.verdict === undefined ? next() : Promise.resolve();
  };
}

function decideDeletion(settings: ResolveConflictsSettings, entry: Entry, ours: State, theirs: State): void {
  const asks = settings.policy === 'newest' || settings.policy === 'merge';
  const changed: Side = ours.isActive ? 'here' : 'there';
  const decision = asks ? changed : decide(settings, entry, settings.policy, []);
  if (decision === null) return;
  if (decision !== 'here' && decision !== 'there') {
    park(entry, []);
    return;
  }
  entry.conflict = { fields: [], resolution: decision };
  entry.result = decision === 'here' ? ours : theirs;
}

function mergeChanges(settings: ResolveConflictsSettings, entry: Entry, ours: State, theirs: State): void {
  const fields = new Map<string, FieldValue>(Object.entries(ours.fields));
  const disputes = createDisputes();
  for (const { group, differences } of grouped(settings, entry.differences)) {
    const decision = isDisputed(group, differences)
      ? disputes.add(differences, decide(settings, entry, group.policy, differences))
      : 'each';
    if (decision === null) return;
    for (const difference of differences) takeOver(fields, difference, decision);
  }
  const place = mergePlaces(settings, entry, ours.place, theirs.place, disputes);
  if (place === 'unhandled') return;
  if (disputes.isOpen()) {
    park(entry, disputes.fields());
    return;
  }
  entry.conflict = disputes.conflict();
  entry.result = { isActive: true, fields: Object.fromEntries(fields), place };
}

/** `each`: nobody disputes it, so whoever changed a field gave it its value. */
function takeOver(
  fields: Map<string, FieldValue>,
  { name, other, changedBy }: FieldDifference,
  decision: Decision | 'each',
): void {
  if (typeof decision === 'object') {
    if (Object.hasOwn(decision.values, name)) fields.set(name, decision.values[name] ?? null);
  } else if (decision === 'there' || (decision === 'each' && changedBy === 'other')) fields.set(name, other);
}

interface Grouped {
  readonly group: FieldGroup;
  readonly differences: FieldDifference[];
}

/** A field without a group is one of its own. */
function grouped(
  { policy, fieldGroups }: ResolveConflictsSettings,
  differences: readonly FieldDifference[],
): Grouped[] {
  const found = new Map<FieldGroup, Grouped>();
  for (const difference of differences) {
    const declared = fieldGroups.find(({ fields }) => fields.includes(difference.name));
    const group = declared ?? { fields: [difference.name], policy };
    const known = found.get(group);
    if (known === undefined) found.set(group, { group, differences: [difference] });
    else known.differences.push(difference);
  }
  return [...found.values()];
}

/** Also where both changed different fields of one group. */
function isDisputed(group: FieldGroup, differences: readonly FieldDifference[]): boolean {
  if (differences.some(({ changedBy }) => changedBy === 'both')) return true;
  return group.fields.length > 1 && new Set(differences.map(({ changedBy }) => changedBy)).size > 1;
}

function mergePlaces(
  settings: ResolveConflictsSettings,
  entry: Entry,
  ours: Place | null,
  theirs: Place | null,
  disputes: Disputes,
): Place | null | 'unhandled' {
  const agreed = entry.agreed?.place ?? null;
  if (ours === null || theirs === null || samePlace(ours, theirs)) return ours ?? theirs;
  if (agreed !== null && samePlace(theirs, agreed)) return ours;
  if (agreed !== null && samePlace(ours, agreed)) return theirs;
  const policy =
    settings.fieldGroups.find(({ fields }) => fields.includes('place'))?.policy ?? settings.policy;
  const decision = disputes.addPlace(decide(settings, entry, policy, []));
  if (decision === null) return 'unhandled';
  return decision === 'there' ? theirs : ours;
}

/** Null: there is no handler, and the entry is left as it is. */
function decide(
  { handlers, onUnhandled }: ResolveConflictsSettings,
  entry: Entry,
  policy: Policy,
  disputed: readonly FieldDifference[],
): Decision | null {
  const handler = handlers[policy];
  if (handler !== undefined) return handler(entry, disputed);
  onUnhandled(entry, policy);
  settle(entry, 'untouched', `nothing decides the policy ${policy}`);
  return null;
}

function park(entry: Entry, fields: readonly string[]): void {
  entry.conflict = { fields, resolution: null };
  settle(entry, 'conflict', 'both sides changed it, and someone has to decide');
}

type Disputes = ReturnType<typeof createDisputes>;

/** The disputes of one entry, and who won them. */
function createDisputes() {
  const disputed: string[] = [];
  const winners = new Set<Side | 'nobody' | 'fields'>();
  const add = (names: readonly string[], decision: Decision | null): Decision | null => {
    disputed.push(...names);
    if (decision !== null) winners.add(typeof decision === 'object' ? 'fields' : decision);
    return decision;
  };
  return {
    add: (differences: readonly FieldDifference[], decision: Decision | null) =>
      add(
        differences.map(({ name }) => name),
        decision,
      ),
    addPlace: (decision: Decision | null) => add(['place'], decision),
    isOpen: () => winners.has('nobody'),
    fields: (): readonly string[] => disputed,
    conflict(): Entry['conflict'] {
      if (disputed.length === 0) return null;
      const [winner] = winners;
      const isOne = winners.size === 1 && winner !== undefined && winner !== 'nobody';
      return { fields: disputed, resolution: isOne ? winner : 'fields' };
    },
  };
}
