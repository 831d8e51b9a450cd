import { z } from 'zod';

/** JSON Schema, draft 2020-12: what OpenAPI 3.1 takes as it is. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Schemas {
  /** Refers to `components` where the schema has an id of its own. */
  schemaOf(schema: z.ZodType): JsonSchema;
  /** Every schema that was referred to, by id. */
  components(): Readonly<Record<string, JsonSchema>>;
}

/**
 * Turns schemas into JSON Schema in their input form: what a caller sends, what a handler returns. Objects stay open,
 * because a later version may add members to a response. Throws if two schemas have the same id.
 */
export function createSchemas(): Schemas {
  const known = new Map<string, JsonSchema>();
  return {
    schemaOf(schema) {
      const { $defs: definitions = {}, ...rest } = z.toJSONSchema(schema, {
        io: 'input',
        unrepresentable: 'any',
        override: ({ zodSchema, jsonSchema }) => {
          // These properties belong to our types, not to the protocol.
          delete jsonSchema.readOnly;
          if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
          if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
          if (zodSchema._zod.def.type === 'date')
            Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
        },
      });
      for (const [id, definition] of Object.entries(definitions)) keep(id, referring(definition));
      return referring(withoutRootId(rest));
    },
    components: () => Object.fromEntries([...known].sort(([one], [other]) => (one < other ? -1 : 1))),
  };

  function keep(id: string, definition: JsonSchema): void {
    const earlier = known.get(id);
    if (earlier !== undefined && JSON.stringify(earlier) !== JSON.stringify(definition)) {
      throw new Error(`two schemas have the id ${id}`);
    }
    known.set(id, definition);
  }

  /** A schema with an id that is itself what was asked for. */
  function withoutRootId(schema: JsonSchema): JsonSchema {
    const { id, ...definition } = schema;
    if (typeof id !== 'string') return schema;
    keep(id, referring(definition));
    return { $ref: `#/components/schemas/${id}` };
  }
}

/** As a schema of the document: definitions are its components. */
function referring(schema: unknown): JsonSchema {
  const moved = Object.entries(moveReferences(schema) as JsonSchema);
  return Object.fromEntries(moved.filter(([name]) => name !== 'id' && name !== '$schema'));
}

function moveReferences(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(moveReferences);
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [
      name,
      name === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : moveReferences(value),
    ]),
  );
}
