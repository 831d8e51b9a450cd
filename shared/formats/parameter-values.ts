import type { Column } from '../catalog/column';
import type { ParameterClass } from '../catalog/parameter-classes';
import type { FieldFault, FieldProblem } from '../domain/field-fault';
import type { Fields, FieldValue } from '../domain/merge-copy';
import { isUnsetTime } from './unset-time';
import { type FieldText, isSharedField } from './xml-entity';
import { defaultXmlLimits, isMarkupOf } from './xml-reader';

export interface DecodedFields {
  /** Declared fields in their canonical form, all others exactly as they were. */
  readonly fields: Fields;
  /** The problems of the values; empty if there are none. */
  readonly problems: readonly FieldProblem[];
}

/** The fields of an entity that came as XML. Only declared fields can be wrong. */
export function decodeFields(
  parameterClass: ParameterClass,
  fields: Readonly<Record<string, FieldText>>,
): DecodedFields {
  const columns = columnsOf(parameterClass);
  return decodeEach(fields, (name, value) => {
    const column = columns.get(name);
    return column === undefined ? value : decodeValue(column, value);
  });
}

/**
 * The fields of an entity that came as JSON, from staff or from another program: strings, and for declared fields
 * also numbers and booleans; `{xml}` for markup; null for a field without a value.
 */
export function validateFields(
  parameterClass: ParameterClass,
  fields: Readonly<Record<string, unknown>>,
): DecodedFields {
  const columns = columnsOf(parameterClass);
  if (!fitsAnEntity(fields)) return { fields: {}, problems: [tooMuch] };
  return decodeEach(fields, (name, value) => {
    if (!fieldName.test(name) || isSharedField(name)) throw new BadValue({ code: 'not-a-field-name' });
    const column = columns.get(name);
    return column === undefined ? undeclaredValue(name, value) : decodeValue(column, plainValue(value));
  });
}

/** False if the solution could not send the fields back, because its copy would be refused as too large. */
function fitsAnEntity(fields: Readonly<Record<string, unknown>>): boolean {
  const isFew = Object.keys(fields).length <= defaultXmlLimits.maxFields;
  return isFew && JSON.stringify(fields).length <= maxFieldsLength;
}

/** Written as XML a character may become five. */
const maxFieldsLength = defaultXmlLimits.maxEntityLength / 5;

const tooMuch: FieldProblem = { field: 'fields', fault: { code: 'too-much' } };

/** As in XML, without a prefix. */
const fieldName = /^[\p{L}_][\p{L}\p{N}_.-]{0,127}$/u;

/** Never leaves this file. */
class BadValue extends Error {
  constructor(readonly fault: FieldFault) {
    super(fault.code);
  }
}

function columnsOf(parameterClass: ParameterClass): ReadonlyMap<string, Column> {
  return new Map(parameterClass.columns.map((column) => [column.name, column]));
}

function decodeEach<Value>(
  fields: Readonly<Record<string, Value>>,
  decode: (name: string, value: Value) => FieldValue,
): DecodedFields {
  const decoded: [string, FieldValue][] = [];
  const problems: FieldProblem[] = [];
  for (const [name, value] of Object.entries(fields)) {
    try {
      decoded.push([name, decode(name, value)]);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      problems.push({ field: name, fault: error.fault });
    }
  }
  return { fields: Object.fromEntries(decoded), problems };
}

function undeclaredValue(name: string, value: unknown): FieldValue {
  if (typeof value === 'object' && value !== null && 'xml' in value && typeof value.xml === 'string') {
    if (!isMarkupOf(name, value.xml)) throw new BadValue({ code: 'not-well-formed', element: name });
    return { xml: value.xml };
  }
  return plainValue(value);
}

/** As its text would come in XML. */
function plainValue(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new BadValue({ code: 'not-a-value' });
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\p{Surrogate}]/u.test(value)) {
    throw new BadValue({ code: 'character-not-in-xml' });
  }
  return value;
}

function decodeValue(column: Column, value: FieldText): FieldValue {
  if (value === null) return null;
  if (typeof value === 'object') throw new BadValue({ code: 'not-a-single-value' });
  if (column.type === 'text' && column.oneOf === undefined) return value;
  const text = value.trim();
  if (text === '') return null;
  switch (column.type) {
    case 'text':
      return oneOf(column.oneOf ?? [], text);
    case 'decimal':
      return within(column, decimalFrom(text));
    case 'integer':
      return within(column, integerFrom(text));
    case 'boolean':
      return booleanFrom(text);
    case 'date':
      return isUnsetTime(text) ? null : dateFrom(text);
    case 'time':
      return isUnsetTime(text) ? null : timeFrom(text);
  }
}

function oneOf(choices: readonly string[], text: string): string {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new BadValue({ code: 'none-of', choices });
  return found;
}

/** With a point or a comma; an exponent, as .NET writes the smallest and the largest. */
function decimalFrom(text: string): number {
  if (!/^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?$/i.test(text))
    throw new BadValue({ code: 'not-a-number' });
  return Number(text.replace(',', '.')) + 0;
}

function integerFrom(text: string): number {
  const value = decimalFrom(text);
  if (!Number.isSafeInteger(value)) throw new BadValue({ code: 'not-a-whole-number' });
  return value;
}

function within({ min, max, unit }: Column, value: number): number {
  const isWithin = value >= (min ?? -Infinity) && value <= (max ?? Infinity);
  if (!isWithin) throw new BadValue({ code: 'not-between', min, max, unit });
  // -0 is 0.
  return value === 0 ? 0 : value;
}

function booleanFrom(text: string): boolean {
  switch (text.toLowerCase()) {
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
    default:
      throw new BadValue({ code: 'neither-true-nor-false' });
  }
}

function dateFrom(text: string): string {
  const date = /^(\d{4}-\d{2}-\d{2})(?:T00:00:00)?$/.exec(text)?.[1];
  if (date === undefined || !isDay(date)) throw new BadValue({ code: 'not-a-date' });
  return date;
}

/** Kept as it was written: local to the solution where it has no offset. */
function timeFrom(text: string): string {
  const found =
    /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (found?.[1] === undefined || !isDay(found[1])) throw new BadValue({ code: 'not-a-time' });
  return text;
}

function isDay(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}
