import { type Copy, type Fields, type FieldValue, sameCopy } from './merge-copy';
import { changeOf, differingFields, type FieldDifference } from './merge-differences';

/** The two sides that edit a parameter. */
export type Side = 'manager' | 'solution';

/** A dispute about an entity, as it is kept for people. */
export interface MergeConflict {
  /** The fields that both sides changed differently; empty where one side deleted what the other changed. */
  readonly fields: readonly string[];
  /** Whose values won; `fields`: each side won some; null: it waits until someone decides. */
  readonly resolution: Side | 'fields' | null;
}

/** The two copies that are merged. */
export type MergeSide = 'one' | 'other';

/** Who wins a dispute; `nobody`: it waits for someone; or new values for some of the disputed fields. */
export type MergeDecision = MergeSide | 'nobody' | { readonly values: Fields };

/** Fields that are decided together: where both sides changed any of them, one policy decides them all. */
export interface FieldGroup<Policy> {
  readonly fields: readonly string[];
  readonly policy: Policy;
}

/** How disputes about an entity are decided. */
export interface MergeRule<Policy> {
  /** The policy for fields that are in no group. */
  readonly policy: Policy;
  readonly fieldGroups: readonly FieldGroup<Policy>[];
  /** Both sides changed these fields differently. */
  readonly decideFields: (
    policy: Policy,
    disputed: readonly FieldDifference[],
    group: FieldGroup<Policy>,
  ) => MergeDecision;
  /** One side deleted what the other, `changed`, has changed. */
  readonly decideDeletion: (changed: MergeSide) => MergeDecision;
}

/** The result of a merge, for both sides. */
export type Merged =
  /** Both sides take the copy of one side. `isDisputed`: the other side had changed it differently. */
  | { readonly kind: 'side'; readonly side: MergeSide; readonly isDisputed: boolean }
  | { readonly kind: 'fields'; readonly fields: Fields; readonly disputes: Disputes }
  /** Both copies stay as they are; no field: one side deleted what the other changed. */
  | { readonly kind: 'waits'; readonly fields: readonly string[] };

/** The disputes of one entity, and who won them. */
export interface Disputes {
  readonly fields: readonly string[];
  /** `fields`: each side won some, or new values did; null: there was no dispute. */
  readonly winner: MergeSide | 'fields' | null;
}

/** The merged fields of each side. */
export interface MergedFields {
  readonly one: Fields;
  readonly other: Fields;
  readonly disputed: readonly string[];
  /** Disputed fields that nobody decided: each side keeps its own value. */
  readonly open: readonly string[];
  readonly winner: Disputes['winner'];
}

/**
 * The three-way rule for three copies. A change by only one side stands. A dispute is decided by the rule, field by
 * field. A deletion also stands if the other copy is unchanged. No clock is needed to see who changed what. Null: that
 * side never had the entity. Source: ePack V4, Processing, Parameters.
 */
export function mergeCopies<Policy>(
  {
    base,
    one,
    other,
  }: { readonly base: Copy | null; readonly one: Copy | null; readonly other: Copy | null },
  rule: MergeRule<Policy>,
): Merged {
  if (sameCopy(one ?? deleted, other ?? deleted)) return { kind: 'side', side: 'one', isDisputed: false };
  const ours = changeOf(base, one);
  const theirs = changeOf(base, other);
  if (theirs === 'unchanged') return { kind: 'side', side: 'one', isDisputed: false };
  if (ours === 'unchanged') return { kind: 'side', side: 'other', isDisputed: false };
  if (ours === 'deleted' || theirs === 'deleted') {
    const decision = rule.decideDeletion(ours === 'deleted' ? 'other' : 'one');
    return typeof decision === 'object' || decision === 'nobody'
      ? { kind: 'waits', fields: [] }
      : { kind: 'side', side: decision, isDisputed: true };
  }
  const fields = { base: fieldsOf(base), one: fieldsOf(one), other: fieldsOf(other) };
  const merged = mergeFields(fields, differingFields(fields), rule);
  if (merged.open.length > 0) return { kind: 'waits', fields: merged.disputed };
  const disputes = { fields: merged.disputed, winner: merged.winner };
  return { kind: 'fields', fields: merged.one, disputes };
}

const deleted: Copy = { isActive: false, fields: {} };

const fieldsOf = (copy: Copy | null): Fields => (copy?.isActive === true ? copy.fields : {});

/**
 * The same for the fields of two copies that both sides changed. Each side gets what the other changed, and keeps the
 * rest, so that a value which one side writes otherwise stays as that side writes it.
 */
export function mergeFields<Policy>(
  { one, other }: { readonly one: Fields; readonly other: Fields },
  differences: readonly FieldDifference[],
  rule: MergeRule<Policy>,
): MergedFields {
  const merged = { one: new Map(Object.entries(one)), other: new Map(Object.entries(other)) };
  const disputed: string[] = [];
  const open: string[] = [];
  const winners = new Set<MergeSide | 'nobody' | 'fields'>();
  for (const { group, members } of grouped(rule, differences)) {
    const names = members.map(({ name }) => name);
    const decision = isDisputed(group, members) ? rule.decideFields(group.policy, members, group) : 'each';
    if (decision !== 'each') {
      disputed.push(...names);
      winners.add(typeof decision === 'object' ? 'fields' : decision);
    }
    if (decision === 'nobody') open.push(...names);
    else for (const difference of members) takeOver(merged, difference, decision);
  }
  return {
    one: Object.fromEntries(merged.one),
    other: Object.fromEntries(merged.other),
    disputed,
    open,
    winner: winnerOf(winners),
  };
}

function winnerOf(winners: ReadonlySet<MergeSide | 'nobody' | 'fields'>): Disputes['winner'] {
  const [winner] = winners;
  if (winner === undefined) return null;
  return winners.size === 1 && winner !== 'nobody' ? winner : 'fields';
}

/** `each`: there is no dispute, so each field takes the value of the side that changed it. */
function takeOver(
  merged: Readonly<Record<MergeSide, Map<string, FieldValue>>>,
  { name, one, other, changedBy }: FieldDifference,
  decision: Exclude<MergeDecision, 'nobody'> | 'each',
): void {
  if (typeof decision === 'object') {
    if (!Object.hasOwn(decision.values, name)) return;
    for (const fields of Object.values(merged)) fields.set(name, decision.values[name] ?? null);
  } else if (decision === 'other' || (decision === 'each' && changedBy === 'other'))
    merged.one.set(name, other);
  else merged.other.set(name, one);
}

interface Grouped<Policy> {
  readonly group: FieldGroup<Policy>;
  readonly members: FieldDifference[];
}

/** A field without a group is one of its own. */
function grouped<Policy>(
  { policy, fieldGroups }: MergeRule<Policy>,
  differences: readonly FieldDifference[],
): Grouped<Policy>[] {
  const found = new Map<FieldGroup<Policy>, Grouped<Policy>>();
  for (const difference of differences) {
    const declared = fieldGroups.find(({ fields }) => fields.includes(difference.name));
    const group = declared ?? { fields: [difference.name], policy };
    const known = found.get(group);
    if (known === undefined) found.set(group, { group, members: [difference] });
    else known.members.push(difference);
  }
  return [...found.values()];
}

/** A group is also disputed if the two sides changed different fields of it. */
function isDisputed<Policy>(group: FieldGroup<Policy>, members: readonly FieldDifference[]): boolean {
  if (members.some(({ changedBy }) => changedBy === 'both')) return true;
  return group.fields.length > 1 && new Set(members.map(({ changedBy }) => changedBy)).size > 1;
}
