import type { FieldValue } from '../../shared/domain/merge-copy';
import type { FieldTransform } from '../../shared/systems/field-settings';
import { dateForm } from './date-form';
import { UnfitValue } from '../pipeline/unfit-value';

/** How a value changes from here to there and back. Both directions throw `UnfitValue`. */
export interface Transform {
  readonly forward: (value: FieldValue) => FieldValue;
  readonly back: (value: FieldValue) => FieldValue;
}

export type Lookups = Readonly<Record<string, Readonly<Record<string, FieldValue>>>>;

/** The steps in their order, and in reverse on the way back. No value, and an empty text, are no value all the way. */
export function transformOf(steps: readonly FieldTransform[], lookups: Lookups): Transform {
  const all = steps.map((step) => transformOfStep(step, lookups));
  return {
    forward: (value) => all.reduce((now, { forward }) => through(forward, now), orNone(value)),
    back: (value) => all.reduceRight((now, { back }) => through(back, now), orNone(value)),
  };
}

const through = (step: Transform['forward'], value: FieldValue): FieldValue =>
  value === null ? null : orNone(step(value));

const orNone = (value: FieldValue): FieldValue => (value === '' ? null : value);

function transformOfStep(step: FieldTransform, lookups: Lookups): Transform {
  switch (step.step) {
    case 'trim':
      return bothWays((value) => (typeof value === 'string' ? value.trim() : value));
    case 'lower':
      return bothWays((value) => (typeof value === 'string' ? value.toLowerCase() : value));
    case 'date':
      return dates(step.date.here, step.date.there);
    case 'map':
      return table(step.map, step.others);
    case 'lookup':
      return table(lookups[step.lookup] ?? {}, 'refuse');
    case 'number':
      return { forward: numberAs(step.number.there), back: numberAs(step.number.here) };
    case 'boolean':
      return truths(step.boolean.here ?? [true, false], step.boolean.there ?? [true, false]);
    case 'link':
      return bothWays((value) => value);
  }
}

const bothWays = (step: Transform['forward']): Transform => ({ forward: step, back: step });

function dates(here: string, there: string): Transform {
  const ours = dateForm(here);
  const theirs = dateForm(there);
  const from = (form: typeof ours, written: string, to: typeof ours) => (value: FieldValue) => {
    const time = typeof value === 'string' ? form.parse(value) : null;
    if (time === null) throw new UnfitValue({ code: 'no-date', value: shown(value), form: written });
    return to.format(time);
  };
  return { forward: from(ours, here, theirs), back: from(theirs, there, ours) };
}

/** From values here, as texts, to values there. */
function table(entries: Readonly<Record<string, FieldValue>>, others: 'refuse' | 'keep'): Transform {
  const there = new Map(Object.entries(entries));
  const here = new Map(Object.entries(entries).map(([ours, theirs]) => [nameOf(theirs), ours]));
  const look =
    (known: ReadonlyMap<string, FieldValue>, beyond: ReadonlyMap<string, FieldValue>) =>
    (value: FieldValue): FieldValue => {
      const found = known.get(nameOf(value));
      if (found !== undefined) return found;
      // A value that stays as it is must not become one of the table on the other side.
      if (others === 'keep' && !beyond.has(nameOf(value))) return value;
      throw new UnfitValue({ code: 'not-in-table', value: shown(value) });
    };
  return { forward: look(there, here), back: look(here, there) };
}

const nameOf = (value: FieldValue) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Only numbers that can be translated back exactly: no rounding, no exponents. */
function numberAs(kind: 'number' | 'text'): (value: FieldValue) => FieldValue {
  return (value) => {
    const number = numberOf(value);
    if (number === null) throw new UnfitValue({ code: 'no-exact-number', value: shown(value) });
    return kind === 'number' ? number : String(number);
  };
}

const mostDigits = 15;

function numberOf(value: FieldValue): number | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return null;
  const found = /^\s*([+-]?)0*(\d+)(?:\.(\d*?)0*)?\s*$/.exec(text);
  if (found === null) return null;
  const [, sign = '', whole = '', fraction = ''] = found;
  const number = Number(`${sign}${whole}.${fraction}0`);
  if (whole.length + fraction.length > mostDigits || String(number).includes('e')) return null;
  return number === 0 ? 0 : number;
}

type Truth = readonly [FieldValue, FieldValue];

function truths(here: Truth, there: Truth): Transform {
  const from = (ours: Truth, theirs: Truth) => (value: FieldValue) => {
    const place = ours.findIndex((word) => nameOf(word) === nameOf(value));
    const word = theirs[place === 0 ? 0 : 1];
    if (place < 0)
      throw new UnfitValue({
        code: 'neither-of',
        value: shown(value),
        one: shown(ours[0]),
        other: shown(ours[1]),
      });
    return word;
  };
  return { forward: from(here, there), back: from(there, here) };
}

/** A value for people; not longer than they want to read. */
function shown(value: FieldValue): string {
  const text = nameOf(value);
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`;
}
