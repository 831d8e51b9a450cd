import { Trouble } from '../../pipeline/trouble';
import type { Limiter, Outside } from '../remote-system';
import type { OdooApi } from './api';
import type { FieldName } from './field-name';
import { type ModelSchema, readSchema } from './schema';

/** The fields of models, read from time to time: a field may be removed or change its type at any time. */
export interface SchemaCache {
  /** Throws `fields` if the model, or one of the fields, does not exist. */
  check(outside: Outside, api: OdooApi, wish: SchemaWish, signal: AbortSignal): Promise<ModelSchema>;
  forget(outside: Outside, model: string): void;
}

export interface SchemaWish {
  readonly model: string;
  readonly fields: readonly FieldName[];
}

const keptMs = 60_000;

interface Known {
  readonly schema: ModelSchema | null;
  readonly at: number;
}

export function createSchemaCache(): SchemaCache {
  /** The key is the limiter, which all openings of an installed system share. */
  const kept = new WeakMap<Limiter, Map<string, Known>>();

  async function schemaOf(outside: Outside, api: OdooApi, model: string, signal: AbortSignal) {
    const ofSystem = kept.get(outside.limiter) ?? new Map<string, Known>();
    kept.set(outside.limiter, ofSystem);
    const known = ofSystem.get(model);
    if (known !== undefined && performance.now() - known.at < keptMs) return known.schema;
    const schema = await readSchema(api, model, signal);
    ofSystem.set(model, { schema, at: performance.now() });
    return schema;
  }

  return {
    async check(outside, api, { model, fields }, signal) {
      const schema = await schemaOf(outside, api, model, signal);
      const missing = schema?.missing(fields) ?? [];
      if (schema !== null && missing.length === 0) return schema;
      kept.get(outside.limiter)?.delete(model);
      const what = schema === null ? `there is no model ${model}` : `${model} lacks ${missing.join(', ')}`;
      throw new Trouble('fields', what);
    },
    forget: (outside, model) => void kept.get(outside.limiter)?.delete(model),
  };
}
