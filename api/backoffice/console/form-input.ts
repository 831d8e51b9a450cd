/** The fields of a form or a query that were filled in: a field left empty says nothing. */
export function blankless(fields: unknown): Record<string, unknown> {
  return Object.fromEntries(entriesOf(fields).filter(([, value]) => value !== ''));
}

/** What was ticked: none, one or several boxes of a name. */
export function listOf(fields: unknown, name: string): string[] {
  const value = entriesOf(fields).find(([key]) => key === name)?.[1];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === 'string');
}

/** Fields whose names begin so, without that beginning. */
export function fieldsAfter(fields: unknown, prefix: string): Record<string, string> {
  return Object.fromEntries(
    entriesOf(fields).flatMap(([name, value]) =>
      name.startsWith(prefix) && typeof value === 'string'
        ? [[name.slice(prefix.length), value] as const]
        : [],
    ),
  );
}

const entriesOf = (fields: unknown): [string, unknown][] =>
  typeof fields === 'object' && fields !== null ? Object.entries(fields) : [];
