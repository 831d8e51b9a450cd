import { OdooException, valueError } from './odoo-exception';
import { type FakeField, type FakeModel, kept, textOf } from './odoo-model';

export interface LoadSettings {
  readonly model: FakeModel;
  /** The number of the record that has an external id; undefined: none. */
  readonly recordOf: (model: string, externalId: string) => number | undefined;
  readonly exists: (model: string, id: number) => boolean;
  /** The context's; what is loaded is in it. */
  readonly zone: string | undefined;
}

export interface LoadedRow {
  readonly externalId: string | null;
  readonly values: Record<string, unknown>;
}

export interface LoadMessage {
  readonly type: 'error';
  readonly record: 0;
  readonly rows: { readonly from: 0; readonly to: 0 };
  readonly message: string;
  readonly field?: string;
}

export const errorMessage = (message: string, field?: string): LoadMessage => ({
  type: 'error',
  record: 0,
  rows: { from: 0, to: 0 },
  message,
  ...(field === undefined ? {} : { field }),
});

/** One row of a table of texts. A message: why it is not taken; the call is answered 200 all the same. */
export function readCells(
  settings: LoadSettings,
  names: readonly string[],
  cells: readonly unknown[],
): LoadedRow | LoadMessage {
  const { model } = settings;
  const values: Record<string, unknown> = {};
  let externalId: string | null = null;
  for (const [place, column] of names.entries()) {
    const cell = cells[place];
    const [name = '', sub] = column.split('/');
    if (name === 'id') {
      externalId = String(cell);
      continue;
    }
    const field = model.fields[name];
    if (field === undefined) throw valueError(`Invalid field name '${name}'`);
    const read = readCell(settings, { name, sub, field }, cell);
    if ('message' in read) return errorMessage(read.message, name);
    values[name] = read.value;
  }
  return { externalId, values };
}

interface Column {
  readonly name: string;
  readonly sub: string | undefined;
  readonly field: FakeField;
}

type ReadCell = { readonly value: unknown } | { readonly message: string };

function readCell(settings: LoadSettings, { name, sub, field }: Column, cell: unknown): ReadCell {
  const { model } = settings;
  // Odoo's own converters: a boolean that is no text ends in an exception of Python's.
  if (field.type === 'boolean' && typeof cell !== 'string')
    throw new OdooException('builtins.AttributeError', `'bool' object has no attribute 'lower'`);
  if (cell === '' || cell === false || cell === null)
    return { value: field.type === 'many2many' ? [] : null };
  const text = textOf(cell);
  if (field.type === 'boolean') return { value: ['1', 'true', 'yes'].includes(text.toLowerCase()) };
  if (field.relation !== undefined) return readRelation(settings, { name, sub, field }, text);
  if (field.type === 'selection' && !(field.selection ?? []).some((pair) => pair.includes(text)))
    return { message: `Value '${text}' not found in selection field '${name}'` };
  if (field.type === 'datetime') return readTime(settings, name, text);
  try {
    return { value: kept(model, name, text) };
  } catch {
    return { message: `'${text}' does not seem to be a valid ${field.type} for field '${name}'` };
  }
}

function readRelation(settings: LoadSettings, { name, sub, field }: Column, text: string): ReadCell {
  const { relation = '' } = field;
  const ids: number[] = [];
  for (const one of field.type === 'many2many' ? text.split(',') : [text]) {
    const id = sub === '.id' ? Number(one) : settings.recordOf(relation, one);
    if (id === undefined || !settings.exists(relation, id))
      return { message: `No matching record found for ${sub ?? 'name'} '${one}' in field '${name}'` };
    ids.push(id);
  }
  return { value: field.type === 'many2many' ? ids.sort((one, other) => one - other) : ids[0] };
}

/** In a user's zone, two hours ahead, unless the context says UTC. */
function readTime({ zone }: LoadSettings, name: string, text: string): ReadCell {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text))
    return { message: `'${text}' does not seem to be a valid datetime for field '${name}'` };
  const at = Date.parse(`${text.replace(' ', 'T')}Z`) - (zone === 'UTC' ? 0 : 7_200_000);
  return { value: new Date(at).toISOString().slice(0, 19).replace('T', ' ') };
}
