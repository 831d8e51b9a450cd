// `${NAME}` in the settings of a system: a value that is read from the sealed secrets or the environment when it is
// used.

const pattern = /\$\{([^{}]*)\}/g;
const validName = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** JSON as it is stored and sent. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export const hasReference = (text: string): boolean => text.includes('${');

export const isReferenceName = (name: string): boolean => validName.test(name);

/** The names that a text refers to, each once. */
export function referencesIn(text: string): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}

/** All names that the texts of some settings refer to, sorted. */
export function namesAskedFor(settings: Json): string[] {
  if (typeof settings === 'string') return referencesIn(settings);
  if (settings === null || typeof settings !== 'object') return [];
  const names = Object.values(settings).flatMap(namesAskedFor);
  return [...new Set(names)].sort();
}

/** Names without a value. The error contains the names, and no values. */
export class MissingSecrets extends Error {
  constructor(readonly names: readonly string[]) {
    super(
      `${names.map((name) => `\${${name}}`).join(', ')}: set in the environment, or as a secret of the system.`,
    );
  }
}

/**
 * The settings with every `${NAME}` replaced by its value. `valueOf` returns the value of a name; undefined: there is
 * none. References inside a value are not replaced. Throws `MissingSecrets` with all that are missing.
 */
export function withSecrets(settings: Json, valueOf: (name: string) => string | undefined): Json {
  const missing = namesAskedFor(settings).filter((name) => valueOf(name) === undefined);
  if (missing.length > 0) throw new MissingSecrets(missing);
  return filled(settings, valueOf);
}

function filled(settings: Json, valueOf: (name: string) => string | undefined): Json {
  if (typeof settings === 'string')
    return settings.replaceAll(pattern, (_, name: string) => valueOf(name) ?? '');
  if (settings === null || typeof settings !== 'object') return settings;
  if (isList(settings)) return settings.map((one) => filled(one, valueOf));
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, filled(value, valueOf)]));
}

const isList = (json: Json): json is readonly Json[] => Array.isArray(json);
