import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { OdooApi } from './api';
import { kindOf, troubleOf } from './faults';
import type { FieldTypes } from '../remote-system';
import type { FieldName } from './field-name';

/** The fields of a model, as our user sees them. */
export interface ModelSchema {
  /** Null: there is no such field, or our user may not see it. */
  field(name: string): ModelField | null;
  /** Those of the given fields that the model lacks. */
  missing(fields: readonly FieldName[]): readonly string[];
}

export interface ModelField {
  readonly type: string;
  readonly isRequired: boolean;
  /** True: a write is silently accepted and changes nothing. */
  readonly isKeptNowhere: boolean;
  readonly isSearchable: boolean;
  /** The model that a relation refers to. */
  readonly relation: string | null;
}

const definitions = z.record(
  z.string(),
  z.looseObject({
    type: z.string(),
    required: z.unknown().optional(),
    readonly: z.unknown().optional(),
    store: z.boolean().default(true),
    searchable: z.boolean().optional(),
    relation: z.string().optional(),
  }),
);

const attributes = ['type', 'required', 'readonly', 'store', 'searchable', 'relation'];

/** Null: there is no such model. */
export async function readSchema(
  api: OdooApi,
  model: string,
  signal: AbortSignal,
): Promise<ModelSchema | null> {
  const call = { operation: 'schema', model, method: 'fields_get', parameters: { attributes } };
  const answer = await api.call(call, signal);
  if (answer.kind === 'fault') {
    if (kindOf(answer.fault) === 'no-model') return null;
    throw troubleOf(answer.fault);
  }
  const parsed = definitions.safeParse(answer.value);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of fields');
  return schemaOf(parsed.data);
}

function schemaOf(found: z.output<typeof definitions>): ModelSchema {
  const fields = new Map(Object.entries(found).map(([name, field]) => [name, fieldOf(field)]));
  const isThere = ({ own, isExternal }: FieldName): boolean => {
    const field = fields.get(own);
    return field !== undefined && (!isExternal || field.relation !== null);
  };
  return {
    field: (name) => fields.get(name) ?? null,
    missing: (wanted) => wanted.filter((name) => !isThere(name)).map(({ written }) => written),
  };
}

export const typesOf = (schema: ModelSchema, names: readonly FieldName[]): FieldTypes =>
  Object.fromEntries(
    names.flatMap(({ written, own }) => {
      const field = schema.field(own);
      if (field === null) return [];
      const type = field.relation === null ? field.type : `${field.type} of ${field.relation}`;
      return [[written, { type, isRequired: field.isRequired }]];
    }),
  );

const fieldOf = (field: z.output<typeof definitions>[string]): ModelField => ({
  type: field.type,
  isRequired: field.required === true,
  isKeptNowhere: field.readonly === true && !field.store,
  isSearchable: field.searchable ?? field.store,
  relation: field.relation ?? null,
});
