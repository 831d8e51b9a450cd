import { fieldOf, type Fields, type FieldValue, sameValue } from '../../shared/domain/merge-copy';
import type { Entry } from '../pipeline/entry';
import { otherSide, type PerSide, type Side, sides } from '../pipeline/sides';
import type { State } from '../pipeline/state';
import { createFieldWords, type FieldWords } from '../records/field-words';
import type { WorkedSettings } from './worked-settings';

/** The summary of a plan. */
export interface PlanSummary {
  /** In the order of the pair's fields, without fields to which nothing would be written. */
  readonly fields: readonly PlannedField[];
  /** How many calls are needed to carry out the plan; usually it is fewer. */
  readonly calls: PerSide<number>;
}

/** What would be written to a field of one side, with the names and values of that side. */
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
/** Of a longer text, only the beginning is shown. */
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

/** Both sides are read once more. If the pair writes back, each write also needs a call to the other side. */
function callsOf(settings: WorkedSettings, { operations }: Entry, side: Side): number {
  const look = 1;
  const writes = operations.reduce((sum, one) => sum + (one.side === side ? callsOfWrite[one.op] : 0), 0);
  const needsWriteBack =
    Object.keys(settings.writeBack[side]).length > 0 &&
    operations.some((one) => one.side === otherSide(side));
  return look + writes + (needsWriteBack ? 1 : 0);
}

/**
 * Each write is read back. If the server stored less of a new record than was sent, it is written once more and read
 * back again.
 */
const callsOfWrite: Readonly<Record<Entry['operations'][number]['op'], number>> = {
  create: 4,
  update: 2,
  move: 2,
  delete: 1,
};
