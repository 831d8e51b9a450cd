import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { FieldTypes } from '../remote-system';
import type { EspoApi } from './api';

/** The fields of an entity type. */
export interface EntitySchema {
  /** Those of the given attributes that the entity type lacks. */
  missing(attributes: readonly string[]): readonly string[];
  isList(attribute: string): boolean;
  readonly hasOptimisticControl: boolean;
  readonly fields: ReadonlyMap<string, string>;
  /** Of the attributes that are asked for and that it has: the type of the field that each belongs to. */
  typesOf(attributes: readonly string[]): FieldTypes;
}

const definitions = z.looseObject({
  fields: z
    .record(z.string(), z.looseObject({ type: z.string().optional(), required: z.unknown().optional() }))
    .default({}),
  optimisticConcurrencyControl: z.boolean().default(false),
});

/** Null: there is no such entity type. */
export async function readSchema(
  api: EspoApi,
  entity: string,
  signal: AbortSignal,
): Promise<EntitySchema | null> {
  const answer = await api.get('schema', '/Metadata', [['key', `entityDefs.${entity}`]], signal);
  if (answer.status !== 200)
    throw new Trouble('unauthorized', `its fields may not be read (${answer.status})`);
  const parsed = definitions.safeParse(answer.json);
  return parsed.success && Object.keys(parsed.data.fields).length > 0 ? schemaOf(parsed.data) : null;
}

function schemaOf({ fields, optimisticConcurrencyControl }: z.output<typeof definitions>): EntitySchema {
  const types = new Map(Object.entries(fields).map(([name, { type = '' }]) => [name, type]));
  const required = new Set(
    Object.entries(fields).flatMap(([name, field]) => (field.required === true ? [name] : [])),
  );
  return {
    fields: types,
    typesOf: (attributes) =>
      Object.fromEntries(
        attributes.flatMap((attribute) => {
          const field = fieldWith(types, attribute);
          return field === null
            ? []
            : [[attribute, { type: field.type, isRequired: required.has(field.name) }]];
        }),
      ),
    hasOptimisticControl: optimisticConcurrencyControl,
    missing: (attributes) => attributes.filter((name) => !hasAttribute(types, name)),
    isList: (attribute) =>
      listTypes.has(types.get(attribute) ?? '') ||
      (attribute.endsWith('Ids') && types.get(attribute.slice(0, -3)) === 'linkMultiple'),
  };
}

const listTypes = new Set(['multiEnum', 'array', 'checklist', 'urlMultiple']);
const always = new Set(['id', 'createdAt', 'modifiedAt', 'deleted', 'versionNumber']);

/** Attributes that a field of that type has besides the one with its own name. */
const moreOf: Readonly<Record<string, readonly string[]>> = {
  link: ['Id', 'Name'],
  linkOne: ['Id', 'Name'],
  linkParent: ['Id', 'Name', 'Type'],
  linkMultiple: ['Ids', 'Names', 'Columns'],
  file: ['Id', 'Name'],
  image: ['Id', 'Name'],
  currency: ['Currency', 'Converted'],
  email: ['Data', 'IsOptedOut', 'IsInvalid'],
  phone: ['Data', 'IsOptedOut', 'IsInvalid'],
  rangeInt: ['From', 'To'],
  address: ['Street', 'City', 'State', 'Country', 'PostalCode'],
};

const hasAttribute = (fields: ReadonlyMap<string, string>, attribute: string): boolean =>
  always.has(attribute) || fieldWith(fields, attribute) !== null;

/** The field that an attribute belongs to: `account` for `accountId`. Null: there is none. */
function fieldWith(
  fields: ReadonlyMap<string, string>,
  attribute: string,
): { readonly name: string; readonly type: string } | null {
  const own = fields.get(attribute);
  if (own !== undefined) return { name: attribute, type: own };
  const found = [...fields].find(
    ([name, type]) =>
      attribute.startsWith(name) && (moreOf[type] ?? []).includes(attribute.slice(name.length)),
  );
  return found === undefined ? null : { name: found[0], type: found[1] };
}
