import { keyError, valueError } from './odoo-exception';

// The records of a fake Odoo, as its database keeps them: times in microseconds, relations as numbers.

export interface FakeField {
  type: string;
  required?: boolean;
  readonly?: boolean;
  store?: boolean;
  relation?: string;
  selection?: readonly (readonly [string, string])[];
}

export interface FakeRow {
  readonly id: number;
  readonly values: Record<string, unknown>;
  /** Microseconds since 1970. */
  writtenAt: number;
}

export interface FakeModel {
  readonly name: string;
  readonly fields: Record<string, FakeField>;
  readonly rows: Map<number, FakeRow>;
  nextId: number;
}

export const newModel = (name: string, fields: Record<string, FakeField>): FakeModel => ({
  name,
  fields: { ...fields, write_date: { type: 'datetime', readonly: true } },
  rows: new Map(),
  nextId: 1,
});

export const partnerFields = (): Record<string, FakeField> => ({
  name: { type: 'char', required: true },
  display_name: { type: 'char', readonly: true, store: false },
  ref: { type: 'char' },
  email: { type: 'char' },
  comment: { type: 'html' },
  type: {
    type: 'selection',
    selection: [
      ['contact', 'Contact'],
      ['invoice', 'Invoice'],
    ],
  },
  is_company: { type: 'boolean' },
  active: { type: 'boolean' },
  color: { type: 'integer' },
  x_rate: { type: 'float' },
  x_birth: { type: 'date' },
  x_seen: { type: 'datetime' },
  country_id: { type: 'many2one', relation: 'res.country' },
  parent_id: { type: 'many2one', relation: 'res.partner' },
  category_id: { type: 'many2many', relation: 'res.partner.category' },
});

/** The value of a field in `search_read`. */
export function shown(row: FakeRow, name: string, field: FakeField): unknown {
  if (name === 'write_date') return secondsOf(row.writtenAt);
  if (name === 'display_name') return row.values['name'] ?? false;
  const value = row.values[name];
  if (field.type === 'many2many') return Array.isArray(value) ? value : [];
  if (field.type === 'boolean') return value === true;
  if (field.type === 'integer' || field.type === 'float') return value ?? 0;
  return value ?? false;
}

export const secondsOf = (microseconds: number): string =>
  new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, 19).replace('T', ' ');

export function fieldOf(model: FakeModel, name: string): FakeField {
  const field = name === 'id' ? { type: 'integer' } : model.fields[name];
  if (field === undefined) throw valueError(`Invalid field '${name}' on '${model.name}'`);
  return field;
}

/** A value that `write` was given, as it is kept. */
export function kept(model: FakeModel, name: string, value: unknown): unknown {
  const field = model.fields[name];
  if (field === undefined) throw keyError(name);
  if (value === false || value === null) return field.type === 'boolean' ? false : null;
  switch (field.type) {
    case 'boolean':
      return value === true;
    case 'integer':
      return wholeNumber(value);
    case 'float':
      return Number(value);
    case 'date':
      return dayIn(value);
    case 'datetime':
      return timeIn(value);
    case 'selection':
      if (field.selection?.some(([key]) => key === value) === true) return value;
      throw valueError(`Wrong value for ${model.name}.${name}: '${textOf(value)}'`);
    case 'many2one':
      return Number(value);
    case 'many2many':
      return setIn(value);
    case 'html':
      return sanitised(textOf(value));
    default:
      return textOf(value);
  }
}

function wholeNumber(value: unknown): number {
  const number = Number(value);
  if (!Number.isInteger(number))
    throw valueError(`invalid literal for int() with base 10: '${textOf(value)}'`);
  return number;
}

function dayIn(value: unknown): string {
  const text = textOf(value);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text))
    throw valueError(`time data '${text}' does not match format '%Y-%m-%d'`);
  const at = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(at) || !new Date(at).toISOString().startsWith(text))
    throw valueError('day is out of range for month');
  return text;
}

function timeIn(value: unknown): string {
  const text = textOf(value);
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text))
    throw valueError(`time data '${text}' does not match format '%Y-%m-%d %H:%M:%S'`);
  return text;
}

/** `(6, 0, ids)` alone: whoever sends other commands adds to what is there. */
function setIn(value: unknown): readonly number[] {
  const [command] = Array.isArray(value) ? (value as unknown[]) : [];
  if (!Array.isArray(command) || command[0] !== 6 || !Array.isArray(command[2]))
    throw valueError('the fake knows (6, 0, ids) alone');
  return (command[2] as unknown[]).map(Number).sort((one, other) => one - other);
}

/** Odoo cleans HTML: scripts go, and text without a tag is a paragraph. */
const sanitised = (html: string): string => {
  const clean = html.replace(/<script[^>]*>.*?<\/script>/gs, '').replace(/<br ?\/>/g, '<br>');
  return clean.startsWith('<') ? clean : `<p>${clean}</p>`;
};

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
