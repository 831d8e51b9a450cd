import { Trouble } from '../pipeline/trouble';
import type { Limiter, Outside } from './remote-system';

/** The fields of entity types, read from time to time: they may be removed or change their types at any time. */
export interface SchemaCache<Schema, Field> {
  /** Throws `fields` if the entity type, or one of the fields, does not exist. */
  check(outside: Outside, wish: SchemaWish<Schema, Field>): Promise<Schema>;
  forget(outside: Outside, entity: string): void;
}

export interface SchemaWish<Schema, Field> {
  readonly entity: string;
  readonly fields: readonly Field[];
  /** Null: there is no such entity type. */
  readonly read: () => Promise<Schema | null>;
}

interface SchemaOf<Field> {
  /** The names of those fields that do not exist. */
  missing(fields: readonly Field[]): readonly string[];
}

const keptMs = 60_000;

/** `entityWord`: what the system calls an entity type. */
export function createSchemaCache<Schema extends SchemaOf<Field>, Field>(
  entityWord: string,
): SchemaCache<Schema, Field> {
  /** The key is the limiter, which all openings of an installed system share. */
  const kept = new WeakMap<Limiter, Map<string, { readonly schema: Schema | null; readonly at: number }>>();

  async function schemaOf({ limiter }: Outside, { entity, read }: SchemaWish<Schema, Field>) {
    const ofSystem = kept.get(limiter) ?? new Map<string, { schema: Schema | null; at: number }>();
    kept.set(limiter, ofSystem);
    const known = ofSystem.get(entity);
    if (known !== undefined && performance.now() - known.at < keptMs) return known.schema;
    const schema = await read();
    ofSystem.set(entity, { schema, at: performance.now() });
    return schema;
  }

  return {
    async check(outside, wish) {
      const { entity, fields } = wish;
      const schema = await schemaOf(outside, wish);
      const missing = schema?.missing(fields) ?? [];
      if (schema !== null && missing.length === 0) return schema;
      kept.get(outside.limiter)?.delete(entity);
      const what =
        schema === null ? `there is no ${entityWord} ${entity}` : `${entity} lacks ${missing.join(', ')}`;
      throw new Trouble('fields', what);
    },
    forget: (outside, entity) => void kept.get(outside.limiter)?.delete(entity),
  };
}
