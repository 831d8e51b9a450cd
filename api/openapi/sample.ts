import type { JsonSchema } from './schemas';

/**
 * An example for a schema, made of the examples of its parts. A part that may be null and has no example is null;
 * deprecated parts are left out.
 */
export function sampleOf(schema: unknown, components: Readonly<Record<string, JsonSchema>>): unknown {
  if (!isRecord(schema)) return null;
  const [example] = listOf(schema['examples']);
  if (example !== undefined) return example;
  if (typeof schema['$ref'] === 'string') {
    return sampleOf(components[schema['$ref'].split('/').at(-1) ?? ''], components);
  }
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  const [first] = listOf(schema['enum']);
  if (first !== undefined) return first;
  const alternatives = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])];
  if (alternatives.length > 0) return sampleOfAny(alternatives, components);
  return sampleOfType(schema, components);
}

const moment = '2026-11-20T07:31:00.000Z';

function sampleOfAny(
  alternatives: readonly unknown[],
  components: Readonly<Record<string, JsonSchema>>,
): unknown {
  const [first] = alternatives;
  const mayBeNull = alternatives.some((one) => isRecord(one) && one['type'] === 'null');
  if (mayBeNull && isRecord(first) && (first['format'] === 'date-time' || !hasExample(first))) return null;
  return sampleOf(first, components);
}

const hasExample = (schema: Record<string, unknown>) =>
  'examples' in schema || '$ref' in schema || 'properties' in schema || 'enum' in schema;

function sampleOfType(
  schema: Record<string, unknown>,
  components: Readonly<Record<string, JsonSchema>>,
): unknown {
  switch (schema['type']) {
    case 'object':
      return sampleOfObject(schema, components);
    case 'array':
      return [sampleOf(schema['items'], components)];
    case 'string':
      return sampleOfText(schema);
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' && schema['minimum'] > 0 ? schema['minimum'] : 0;
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function sampleOfText({ format, minLength }: Record<string, unknown>): string {
  if (format === 'date-time') return moment;
  if (format === 'uuid') return '0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11';
  return 'text'.padEnd(typeof minLength === 'number' ? minLength : 0, ' text');
}

function sampleOfObject(
  { properties, propertyNames, additionalProperties }: Record<string, unknown>,
  components: Readonly<Record<string, JsonSchema>>,
): Record<string, unknown> {
  if (isRecord(properties)) {
    const current = Object.entries(properties).filter(
      ([, one]) => !isRecord(one) || one['deprecated'] !== true,
    );
    return Object.fromEntries(current.map(([name, one]) => [name, sampleOf(one, components)]));
  }
  const names = isRecord(propertyNames) ? listOf(propertyNames['enum']) : [];
  return Object.fromEntries(names.map((name) => [String(name), sampleOf(additionalProperties, components)]));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
