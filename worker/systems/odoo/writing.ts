import { fieldOf, type Fields, type FieldValue } from '../../../shared/domain/merge-copy';
import type { Refusal } from '../../pipeline/system';
import { valuesIn, type Domain } from './domain';
import { type FieldName, fieldName } from './field-name';
import type { RelationField, Relations } from './relations';
import type { ModelField, ModelSchema } from './schema';
import { isSet, shownSet, shownValue, writtenValue } from './values';
import { refusal } from '../../pipeline/refusal';
import { UnfitValue } from '../../pipeline/unfit-value';

/** Converts values for writing to Odoo. */
export interface Writing {
  /** The values in the form for `write`, and as they will be read if Odoo stores them unchanged. */
  forWrite(fields: Fields, signal: AbortSignal): Promise<Sent | Refused>;
  /** Names and cells in the form for `load`: texts, as in a table that a person imports. */
  forLoad(fields: Fields, domain: Domain, signal: AbortSignal): Promise<Cells | Refused>;
}

export interface Sent {
  readonly kind: 'sent';
  readonly values: Readonly<Record<string, unknown>>;
  readonly shown: Fields;
}

export interface Cells {
  readonly kind: 'cells';
  readonly names: readonly string[];
  readonly cells: readonly string[];
}

export type Refused = Refusal;

export function createWriting(schema: ModelSchema, relations: Relations): Writing {
  const known = (fields: Fields): readonly Wanted[] =>
    Object.keys(fields).flatMap((written) => {
      const name = fieldName(written);
      const field = schema.field(name.own);
      return field === null ? [] : [{ name, field, value: fieldOf(fields, written) }];
    });

  return {
    async forWrite(fields, signal) {
      const values: Record<string, unknown> = {};
      const shown: Record<string, FieldValue> = {};
      for (const wanted of known(fields)) {
        const one = await said(wanted, () => writeOne(relations, wanted, signal));
        if ('kind' in one) return one;
        values[wanted.name.own] = one.sent;
        shown[wanted.name.written] = one.shown;
      }
      return { kind: 'sent', values, shown };
    },
    async forLoad(fields, domain, signal) {
      const table = new Map<string, string>();
      const belonging = Object.fromEntries(valuesIn(domain));
      for (const wanted of [...known(belonging), ...known(fields)]) {
        const one = await said(wanted, () => cellOf(relations, wanted, signal));
        if ('kind' in one) return one;
        table.set(one.column, one.cell);
      }
      return { kind: 'cells', names: [...table.keys()], cells: [...table.values()] };
    },
  };
}

interface Wanted extends RelationField {
  readonly name: FieldName;
  readonly field: ModelField;
  readonly value: FieldValue;
}

async function said<T extends object>({ name }: Wanted, say: () => Promise<T>): Promise<T | Refused> {
  try {
    return await say();
  } catch (error) {
    if (!(error instanceof UnfitValue)) throw error;
    const values = { field: name.written, problem: error.problem };
    return { ...refusal('invalid', { code: 'value-unfit', values }), fields: [name.written] };
  }
}

interface One {
  readonly sent: unknown;
  readonly shown: FieldValue;
}

async function writeOne(relations: Relations, wanted: Wanted, signal: AbortSignal): Promise<One> {
  const { name, field, value } = wanted;
  if (field.relation === null || isPlain(field)) {
    const sent = writtenValue(field, value);
    return { sent, shown: shownValue(field.type, sent) };
  }
  const numbers = await membersOf(relations, wanted, signal);
  if (!isSet(field.type)) {
    const [number = null] = numbers;
    return { sent: number ?? false, shown: name.isExternal ? value : number };
  }
  // "(6, 0, ids)" replaces all members by these.
  return { sent: [[6, 0, numbers]], shown: name.isExternal ? value : shownSet(numbers) };
}

interface Cell {
  readonly column: string;
  readonly cell: string;
}

async function cellOf(relations: Relations, wanted: Wanted, signal: AbortSignal): Promise<Cell> {
  const { name, field, value } = wanted;
  if (field.relation === null || isPlain(field)) return { column: name.own, cell: plainCell(field, value) };
  const numbers = await membersOf(relations, wanted, signal);
  return { column: `${name.own}/.id`, cell: numbers.join(',') };
}

function plainCell(field: ModelField, value: FieldValue): string {
  const sent = writtenValue(field, value);
  if (field.type === 'boolean') return sent === true ? '1' : '0';
  if (sent === false) return '';
  return typeof sent === 'object' ? JSON.stringify(sent) : String(sent);
}

async function membersOf(
  relations: Relations,
  { name, field, value }: Wanted,
  signal: AbortSignal,
): Promise<readonly number[]> {
  if (field.type === 'one2many') throw new UnfitValue({ code: 'other-end-of-relation' });
  const numbers = await relations.numbers({ name, field }, value, signal);
  if (!isSet(field.type) && numbers.length > 1) throw new UnfitValue({ code: 'more-than-one-record' });
  return numbers;
}

/** `reference` and similar types have model and number in one text. */
const isPlain = ({ type }: ModelField): boolean => !['many2one', 'many2many', 'one2many'].includes(type);
