import { Trouble } from '../../pipeline/trouble';
import type { Limiter, Outside } from '../remote-system';
import type { EspoApi } from './api';
import { type EntitySchema, readSchema } from './schema';

/** The fields of entity types, read from time to time: EspoCRM silently accepts a field that it does not know. */
export interface SchemaCache {
  /** Throws `fields` if the entity type, or one of the attributes, does not exist. */
  check(outside: Outside, api: EspoApi, wish: SchemaWish, signal: AbortSignal): Promise<EntitySchema>;
  forget(outside: Outside, entity: string): void;
}

export interface SchemaWish {
  readonly entity: string;
  readonly attributes: readonly string[];
}

const keptMs = 60_000;

interface Known {
  readonly schema: EntitySchema | null;
  readonly at: number;
}

export function createSchemaCache(): SchemaCache {
  /** The key is the limiter, which all openings of an installed system share. */
  const kept = new WeakMap<Limiter, Map<string, Known>>();

  async function schemaOf(outside: Outside, api: EspoApi, entity: string, signal: AbortSignal) {
    const ofSystem = kept.get(outside.limiter) ?? new Map<string, Known>();
    kept.set(outside.limiter, ofSystem);
    const known = ofSystem.get(entity);
    if (known !== undefined && performance.now() - known.at < keptMs) return known.schema;
    const schema = await readSchema(api, entity, signal);
    ofSystem.set(entity, { schema, at: performance.now() });
    return schema;
  }

  return {
    async check(outside, api, { entity, attributes }, signal) {
      const schema = await schemaOf(outside, api, entity, signal);
      const missing = schema?.missing(attributes) ?? [];
      if (schema !== null && missing.length === 0) return schema;
      kept.get(outside.limiter)?.delete(entity);
      const what =
        schema === null ? `there is no entity type ${entity}` : `${entity} lacks ${missing.join(', ')}`;
      throw new Trouble('fields', what);
    },
    forget: (outside, entity) => void kept.get(outside.limiter)?.delete(entity),
  };
}
