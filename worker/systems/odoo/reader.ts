import type { FieldValue } from '../../../shared/domain/merge-copy';
import type { OdooEnd } from '../../../shared/systems/odoo';
import type { Json } from '../../../shared/systems/references';
import { Trouble } from '../../pipeline/trouble';
import type { Domain } from './domain';
import { troubleOf } from './faults';
import { type FieldName, fieldName } from './field-name';
import type { ListedRecord, RecordsWish } from './listing';
import type { Odoo } from './opened';
import type { Origins } from './origins';
import type { RelationField, Relations } from './relations';
import { archivedItem, itemOf, readRows, type Row } from './rows';
import { type ModelSchema, readSchema } from './schema';

/** Reads the records that belong to a pair, with the fields that it needs. */
export interface Reader {
  /** Throws `fields` if the model lacks one of them. */
  schema(signal: AbortSignal): Promise<ModelSchema>;
  read(operation: string, wish: RecordsWish, signal: AbortSignal): Promise<readonly ListedRecord[]>;
  /** `2026-11-30 12:00:00`; null: there is no record. */
  newestChange(signal: AbortSignal): Promise<string | null>;
}

export interface ReaderParts {
  readonly names: readonly FieldName[];
  readonly relations: Relations;
  readonly origins: Origins;
}

export function createReader(odoo: Odoo, end: OdooEnd, { names, relations, origins }: ReaderParts): Reader {
  const { api, outside, schemas } = odoo;
  const { model } = end;
  const wanted = end.deletion === 'archive' ? [...names, fieldName('active')] : names;

  const schemaNow = (signal: AbortSignal) =>
    schemas.check(outside, { entity: model, fields: wanted, read: () => readSchema(api, model, signal) });

  async function searchRead(
    operation: string,
    parameters: object,
    signal: AbortSignal,
  ): Promise<readonly Row[]> {
    const call = { operation, model, method: 'search_read' };
    const answer = await api.call({ ...call, parameters: { ...parameters, ...api.readParameters } }, signal);
    if (answer.kind === 'result') return readRows(answer.value);
    schemas.forget(outside, model);
    throw troubleOf(answer.fault);
  }

  async function itemsOf(
    fields: readonly RelationField[],
    rows: readonly Row[],
    signal: AbortSignal,
  ): Promise<readonly ListedRecord[]> {
    const live = rows.filter((row) => row['active'] !== false || end.includeArchived);
    const ids = live.map(({ id }) => id);
    await relations.prepare(fields, live, signal);
    const made = await origins.of(ids, signal);
    const shown = new Map(
      live.map((row) => [row.id, itemOf(row.id, fieldsIn(row), made.get(row.id) ?? null)]),
    );
    return rows.map(({ id }) => ({ id, item: shown.get(id) ?? archivedItem(id) }));

    function fieldsIn(row: Row): Readonly<Record<string, FieldValue>> {
      return Object.fromEntries(
        fields.map((field) => [field.name.written, relations.shown(field, row[field.name.own])]),
      );
    }
  }

  return {
    schema: schemaNow,
    async read(operation, { where, most, tellsArchived }, signal) {
      const schema = await schemaNow(signal);
      if (tellsArchived && schema.field('write_date') === null)
        throw new Trouble('cursor-expired', `${model} keeps no dates of changes`);
      const hidesArchived = !end.includeArchived && schema.field('active') !== null;
      const isLive: Domain = hidesArchived && !tellsArchived ? [['active', '=', true]] : [];
      const rows = await searchRead(
        operation,
        {
          domain: together(end.domain, [...isLive, ...where]),
          fields: [...new Set([...names.map(({ own }) => own), ...(hidesArchived ? ['active'] : [])])],
          order: 'id',
          limit: most,
        },
        signal,
      );
      return itemsOf(withTypes(schema, names), rows, signal);
    },
    async newestChange(signal) {
      const schema = await schemaNow(signal);
      if (schema.field('write_date') === null) return null;
      // Records without a date would come first.
      const domain = [['write_date', '!=', false]];
      const order = 'write_date desc';
      const [row] = await searchRead('list', { domain, fields: ['write_date'], order, limit: 1 }, signal);
      const at = row?.['write_date'];
      if (at === undefined) return null;
      if (typeof at !== 'string')
        throw new Trouble('unavailable', 'a record shows no date of its last change');
      return at.slice(0, 19);
    },
  };
}

/** A domain may begin with an operator that joins the next two conditions; it does not affect conditions before it. */
const together = (domain: Domain, more: Domain): Json[] => [...more, ...domain];

const withTypes = (schema: ModelSchema, names: readonly FieldName[]): readonly RelationField[] =>
  names.flatMap((name) => {
    const field = schema.field(name.own);
    return field === null ? [] : [{ name, field }];
  });
