import { fieldOf, type Fields, type FieldValue, sameValue } from '../../shared/domain/merge-copy';
import type { Entry } from '../pipeline/entry';
import { otherSide, type PerSide, type Side, sides } from '../pipeline/sides';
import type { State } from '../pipeline/state';
import { createFieldWords, type FieldWords } from '../records/field-words';
import type { WorkedSettings } from './worked-settings';

/** What a plan comes to. */
export interface PlanSummary {
  /** In the order of the pair's fields; those that nothing is written to are left out. */
  readonly fields: readonly PlannedField[];
  /** How many calls carrying it out takes, at most as a rule. */
  readonly calls: PerSide<number>;
}

/** What would be written to a field of one side, in that side's own words. */
export interface PlannedField {
  readonly side: Side;
  readonly field: string;
  /** The number of records whose value would change. */
  readonly changed: number;
  /** The number of records that would be created with a value in the field. */
  readonly made: number;
  /** The first ones, changed ones before those that are made. */
  readonly examples: readonly PlannedValue[];
}

export interface PlannedValue {
  readonly key: string;
  readonly before: FieldValue;
  readonly after: FieldValue;
}

export function summaryOf(settings: WorkedSettings, entries: readonly Entry[]): PlanSummary {
  const tallies = new Map<string, Tally>();
  const words = {
    here: wordsOf(settings, 'here'),
    there: wordsOf(settings, 'there'),
  };
  const calls: Record<Side, number> = { here: 0, there: 0 };
  for (const entry of entries) {
    for (const side of sides) {
      tallyFields(tallies, entry, side, words[side]);
      calls[side] += callsOf(settings, entry, side);
    }
  }
  const fields = sides.flatMap((side) =>
    settings.fields.flatMap((rule) => {
      const tally = tallies.get(nameOf(side, rule[side]));
      return tally === undefined ? [] : [plannedOf(side, rule[side], tally)];
    }),
  );
  return { fields, calls };
}

interface Tally {
  changed: number;
  made: number;
  readonly changes: PlannedValue[];
  readonly creations: PlannedValue[];
}

const mostExamples = 5;
/** A long text shows how it begins. */
const longestExample = 200;

const nameOf = (side: Side, field: string) => `${side} ${field}`;

const plannedOf = (side: Side, field: string, tally: Tally): PlannedField => ({
  side,
  field,
  changed: tally.changed,
  made: tally.made,
  examples: [...tally.changes, ...tally.creations].slice(0, mostExamples),
});

const wordsOf = ({ fields, lookups }: WorkedSettings, side: Side): FieldWords =>
  createFieldWords({ side, rules: fields, lookups, passedThrough: [] });

function tallyFields(tallies: Map<string, Tally>, entry: Entry, side: Side, words: FieldWords): void {
  const { states, results, mention } = entry;
  if (states === undefined || results === undefined || !results[side].isActive) return;
  const isMade = !states[side].isActive;
  const [before, after] = [ownFields(words, states[side]), ownFields(words, results[side])];
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, young] = [fieldOf(before, field), fieldOf(after, field)];
    if (sameValue(old, young)) continue;
    const tally = tallies.get(nameOf(side, field)) ?? { changed: 0, made: 0, changes: [], creations: [] };
    tallies.set(nameOf(side, field), tally);
    if (isMade) tally.made += 1;
    else tally.changed += 1;
    const examples = isMade ? tally.creations : tally.changes;
    const key = entry.items?.[side]?.key ?? mention.key;
    if (examples.length < mostExamples)
      examples.push({ key, before: shortened(old), after: shortened(young) });
  }
}

const ownFields = (words: FieldWords, state: State): Fields =>
  state.isActive ? words.toOwn(state.fields).fields : {};

const shortened = (value: FieldValue): FieldValue =>
  typeof value === 'string' && value.length > longestExample ? `${value.slice(0, longestExample)}…` : value;

/** Both sides are looked at once more; what is written is told to the other side where the pair writes back. */
function callsOf(settings: WorkedSettings, { operations }: Entry, side: Side): number {
  const look = 1;
  const writes = operations.reduce((sum, one) => sum + (one.side === side ? callsOfWrite[one.op] : 0), 0);
  const isTold =
    Object.keys(settings.writeBack[side]).length > 0 &&
    operations.some((one) => one.side === otherSide(side));
  return look + writes + (isTold ? 1 : 0);
}

/**
 * A write is read back. A creation of which the server kept less than it was sent is written to once more, and read
 * back again.
 */
const callsOfWrite: Readonly<Record<Entry['operations'][number]['op'], number>> = {
  create: 4,
  update: 2,
  move: 2,
  delete: 1,
};
