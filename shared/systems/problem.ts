import type { z } from 'zod';

/**
 * A mistake in written settings. `path`: the keys that lead to it. It never contains a value, which may be a secret.
 */
export interface Problem {
  readonly path: readonly (string | number)[];
  /** The end of a sentence that begins with the path. */
  readonly reason: string;
}

/** The result of a check: the written settings with everything filled in that was left out, or all mistakes. */
export type Checked<T> =
  | { readonly isValid: true; readonly value: T }
  | { readonly isValid: false; readonly problems: readonly Problem[] };

/** E.g. `pairs.person.fields.0.transform.1 must be one of trim, lower`. */
export const problemText = ({ path, reason }: Problem): string => `${path.join('.')} ${reason}`;

/** The same below another path. */
export const below = (path: Problem['path'], problems: readonly Problem[]): Problem[] =>
  problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));

/** Checks by a schema, and returns all mistakes as sentences. */
export function checkBy<T>(schema: z.ZodType<T>, written: unknown): Checked<T> {
  const parsed = schema.safeParse(written, { error: sentenceFor });
  if (parsed.success) return { isValid: true, value: parsed.data };
  return { isValid: false, problems: parsed.error.issues.flatMap(problemsOf) };
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], reason: 'is not a key that is known here' }));
  return [{ path, reason: issue.message }];
}

/** The sentence if the schema has none of its own. */
function sentenceFor(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be ${bounded(issue.origin, 'at least', issue.minimum)}`;
    case 'too_big':
      return `must be ${bounded(issue.origin, 'at most', issue.maximum)}`;
    case 'unrecognized_keys':
      return 'has keys that are not known here';
    case 'invalid_key':
      return 'has a key that is not one';
    default:
      return 'is not what belongs here';
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys and values',
  record: 'a group of keys and values',
};

function bounded(origin: string, word: string, bound: number | bigint): string {
  if (origin === 'string') return `${word} ${bound} characters long`;
  if (origin === 'array') return `a list of ${word} ${bound}`;
  return `${word} ${bound}`;
}
