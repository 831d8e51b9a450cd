import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { EspoApi } from './api';

/** What an entity type has. */
export interface EntitySchema {
  /** Of the attributes that are asked for: those that it lacks. */
  missing(attributes: readonly string[]): readonly string[];
  isList(attribute: string): boolean;
  readonly hasOptimisticControl: boolean;
  readonly fields: ReadonlyMap<string, string>;
}

const definitions = z.looseObject({
  fields: z.record(z.string(), z.looseObject({ type: z.string().optional() })).default({}),
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
  return {
    fields: types,
    hasOptimisticControl: optimisticConcurrencyControl,
    missing: (attributes) => attributes.filter((name) => !hasAttribute(types, name)),
    isList: (attribute) =>
      listTypes.has(types.get(attribute) ?? '') ||
      (attribute.endsWith('Ids') && types.get(attribute.slice(0, -3)) === 'linkMultiple'),
  };
}

const listTypes = new Set(['multiEnum', 'array', 'checklist', 'urlMultiple']);
const always = new Set(['id', 'createdAt', 'modifiedAt', 'deleted', 'versionNumber']);

/** Attributes that a field of that type has beside the one of its name. */
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

function hasAttribute(fields: ReadonlyMap<string, string>, attribute: string): boolean {
  if (always.has(attribute) || fields.has(attribute)) return true;
  return [...fields].some(
    ([name, type]) =>
      attribute.startsWith(name) && (moreOf[type] ?? []).includes(attribute.slice(name.length)),
  );
}
