import { fieldOf, type Fields, type FieldValue } from '../../shared/domain/merge-copy';
import type { FieldRule } from '../../shared/systems/field-settings';
import type { Side } from '../pipeline/sides';
import type { ValueFault } from '../pipeline/system';
import { type Lookups, transformOf } from './transforms';
import { UnfitValue } from '../pipeline/unfit-value';

/** Fields in one side's own words, and in those that both sides share. */
export interface FieldWords {
  /** Own names of that side that are read. */
  readonly ownNames: readonly string[];
  /** Shared names of the fields that flow to that side. */
  readonly writtenNames: ReadonlySet<string>;
  /** Translates an item. Fields that are not part of the pair are left out, unless their names are passed through. */
  toShared(own: Fields): { readonly fields: Fields; readonly faults: readonly ValueFault[] };
  /** Translates a write. Values that do not flow to that side are left out, and so are absent values with `omit`. */
  toOwn(shared: Fields): { readonly fields: Fields; readonly faults: readonly ValueFault[] };
  /** Translates search values, whatever their direction. */
  toSearch(shared: Fields): { readonly fields: Fields; readonly faults: readonly ValueFault[] };
}

export interface WordsSettings {
  readonly side: Side;
  readonly rules: readonly FieldRule[];
  readonly lookups: Lookups;
  /** Names of pairs that are not there: a record that names one of theirs is refused. */
  readonly missingPairs?: ReadonlySet<string>;
  /** Own fields of that side that keep their names: what is written back. */
  readonly passedThrough: readonly string[];
}

/**
 * The shared words are those of here, with every value as it would come back from there; where a field only flows to
 * there, they are those of there. So a value that only loses blanks on its way counts as the same on both sides.
 */
export function createFieldWords(settings: WordsSettings): FieldWords {
  const { side, rules, passedThrough } = settings;
  const words = rules.map((rule) => wordOf(rule, settings));
  const byName = new Map(words.map((word) => [word.rule.name, word]));
  const clash = passedThrough.find((name) => byName.has(name));
  if (clash !== undefined)
    throw new Error(`"${clash}" is written back ${side}, and is the name of a field that is kept equal`);

  const told = (fields: Fields): [string, FieldValue][] =>
    Object.entries(fields).filter(([name]) => passedThrough.includes(name));

  const toOwn = (shared: Fields, isSearch: boolean) =>
    collect(told(shared), Object.entries(shared), (name, value) => {
      const word = byName.get(name);
      if (word === undefined || (!isSearch && !flowsTo(word.rule, side))) return null;
      const own = word.toOwn(value);
      if (own !== null || isSearch) return [word.own, own];
      return ownNone(word, side);
    });

  return {
    ownNames: [...new Set([...words.map(({ own }) => own), ...passedThrough])],
    writtenNames: new Set(rules.filter((rule) => flowsTo(rule, side)).map(({ name }) => name)),
    toShared: (own) =>
      collect(
        told(own),
        words.map((word): [string, FieldValue] => [word.rule.name, fieldOf(own, word.own)]),
        (name, value) => {
          const word = byName.get(name);
          return word === undefined ? null : [name, word.toShared(value)];
        },
      ),
    toOwn: (shared) => toOwn(shared, false),
    toSearch: (shared) => toOwn(shared, true),
  };
}

const flowsTo = ({ flows }: FieldRule, side: Side) => flows === 'both' || flows === `to-${side}`;

/** How an absent value is written. Null: it is left out. */
function ownNone({ rule, own }: Word, side: Side): [string, FieldValue] | null {
  switch (rule.nulls[side]) {
    case 'send':
      return [own, null];
    case 'empty':
      return [own, ''];
    case 'omit':
      return null;
  }
}

interface Word {
  readonly rule: FieldRule;
  readonly own: string;
  readonly toShared: (value: FieldValue) => FieldValue;
  readonly toOwn: (value: FieldValue) => FieldValue;
}

function wordOf(rule: FieldRule, { side, lookups, missingPairs }: WordsSettings): Word {
  const { forward, back } = transformOf(rule.transform, lookups);
  const same = (value: FieldValue): FieldValue => (value === '' ? null : value);
  const key = (value: FieldValue): FieldValue => {
    if (value !== null && rule.link !== null && missingPairs?.has(rule.link) === true)
      throw new UnfitValue({ code: 'pair-missing', pair: rule.link });
    return typeof value === 'number' ? String(value) : value;
  };
  const named = (step: (value: FieldValue) => FieldValue) =>
    rule.link === null ? step : (value: FieldValue) => key(step(value));
  const own = rule[side];
  switch (rule.flows) {
    case 'both':
      return side === 'here'
        ? { rule, own, toShared: named((value) => back(forward(value))), toOwn: same }
        : { rule, own, toShared: named(back), toOwn: forward };
    // Only the way that is gone need exist.
    case 'to-there':
      return { rule, own, toShared: named(side === 'here' ? forward : same), toOwn: same };
    case 'to-here':
      return { rule, own, toShared: named(side === 'here' ? same : back), toOwn: same };
  }
}

function collect(
  given: readonly [string, FieldValue][],
  entries: Iterable<[string, FieldValue]>,
  step: (name: string, value: FieldValue) => [string, FieldValue] | null,
): { readonly fields: Fields; readonly faults: readonly ValueFault[] } {
  const fields = new Map(given);
  const faults: ValueFault[] = [];
  for (const [name, value] of entries) {
    try {
      const found = step(name, value);
      if (found !== null) fields.set(...found);
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error;
      faults.push({ field: name, problem: error.problem });
    }
  }
  return { fields: Object.fromEntries(fields), faults };
}
