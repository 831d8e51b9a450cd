import type { FieldValue } from '../../../shared/domain/merge-copy';
import type { ModelField } from './schema';
import { quotable } from '../../../shared/domain/reason';
import { UnfitValue } from '../../pipeline/unfit-value';

// Converts values between Odoo's form and ours. In Odoo, an empty value is `false`, whatever its type. Times are UTC.

/** Our form of a value that `search_read` returns with `load: null`: a relation is a number, or a set of numbers. */
export function shownValue(type: string, raw: unknown): FieldValue {
  if (raw === undefined || raw === null || raw === '') return null;
  if (raw === false) return type === 'boolean' ? false : null;
  // Some versions, and records that our user may not see, give number and name.
  if (type === 'many2one' && Array.isArray(raw)) return shownValue(type, raw[0]);
  if (isSet(type)) return shownSet(numbersIn(raw));
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean') return raw;
  return JSON.stringify(raw);
}

export const isSet = (type: string): boolean => type === 'many2many' || type === 'one2many';

/** A set is one value, whatever the order of its members; an empty set is null. */
export function shownSet(members: readonly (string | number)[]): FieldValue {
  if (members.length === 0) return null;
  const sorted = [...new Set(members)].sort((one, other) =>
    typeof one === 'number' && typeof other === 'number' ? one - other : String(one) < String(other) ? -1 : 1,
  );
  return JSON.stringify(sorted);
}

export const numbersIn = (raw: unknown): readonly number[] =>
  Array.isArray(raw) ? raw.filter((one): one is number => typeof one === 'number') : [];

/** A value of a field that is not a relation, in the form for `write`. Throws `UnfitValue`. */
export function writtenValue({ type }: ModelField, value: FieldValue): string | number | boolean | object {
  if (value === null || value === '') return false;
  switch (type) {
    case 'boolean':
      return booleanOf(value);
    case 'integer':
    case 'many2one_reference':
      return numberOf(value, /^-?\d+$/, 'no-whole-number');
    case 'float':
    case 'monetary':
      return numberOf(value, /^-?\d+(\.\d+)?$/, 'no-number');
    case 'date':
      return dateOf(value);
    case 'datetime':
      return timeOf(value);
    case 'json':
    case 'properties':
    case 'properties_definition':
      return jsonOf(value);
    default:
      return textOf(value);
  }
}

/** Members of a set, or the one record of a relation, as they were written. Throws `UnfitValue`. */
export function membersIn(value: FieldValue): readonly string[] {
  if (value === null || value === '') return [];
  const text = textOf(value);
  if (!text.startsWith('[')) return [text];
  const list: unknown = jsonOf(text);
  if (!Array.isArray(list)) throw new UnfitValue({ code: 'no-list-of-records' });
  return list.map((one: unknown) => {
    if (typeof one !== 'string' && typeof one !== 'number')
      throw new UnfitValue({ code: 'no-list-of-records' });
    return String(one);
  });
}

function booleanOf(value: FieldValue): boolean {
  if (typeof value === 'boolean') return value;
  const text = textOf(value);
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new UnfitValue({ code: 'neither-of', value: quoted(text), one: 'true', other: 'false' });
}

function numberOf(value: FieldValue, form: RegExp, otherwise: 'no-whole-number' | 'no-number'): number {
  if (typeof value === 'number') return value;
  const text = textOf(value).trim();
  if (!form.test(text)) throw new UnfitValue({ code: otherwise });
  return Number(text);
}

/** A date; a time of midnight after it is left out. */
function dateOf(value: FieldValue): string {
  const [, day = ''] = /^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$/.exec(textOf(value)) ?? [];
  if (!isDay(day)) throw new UnfitValue({ code: 'no-day' });
  return day;
}

const timeForm = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** `2026-11-30 12:00:00`, in UTC. A time without an offset is UTC. */
function timeOf(value: FieldValue): string {
  const [, day = '', minutes = '00:00', seconds = '00', offset = 'Z'] = timeForm.exec(textOf(value)) ?? [];
  const at = Date.parse(`${day}T${minutes}:${seconds}${offset}`);
  if (!isDay(day) || Number.isNaN(at)) throw new UnfitValue({ code: 'no-time' });
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

/** JavaScript reads the 30th of February as the 2nd of March. */
const isDay = (day: string): boolean => {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
};

function jsonOf(value: FieldValue): object {
  try {
    const parsed: unknown = JSON.parse(textOf(value));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // As below.
  }
  throw new UnfitValue({ code: 'no-json' });
}

const textOf = (value: FieldValue): string =>
  typeof value === 'object' && value !== null ? value.xml : String(value ?? '');

/** As a sentence shows a value. */
export const quoted = (text: string): string => `"${quotable(text)}"`;
