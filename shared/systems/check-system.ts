import { z } from 'zod';
import { checkBy, type Checked, type Problem } from './problem';
import { hasReference, isReferenceName, type Json, namesAskedFor } from './references';
import type { SystemKind } from './system-kind';

/** The settings of a system, ready to be stored. */
export interface CheckedSystem {
  /** The settings without secrets: a secret that was written out is replaced by `${NAME}`. */
  readonly config: Json;
  /** The secrets that were written out, by those names. They are stored sealed, and nowhere else. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Checks all settings of a system. `written`: the members beside `kind`. */
export function checkSystem(kind: SystemKind, written: unknown): Checked<CheckedSystem> {
  const config = checkBy(z.json(), written);
  if (!config.isValid) return config;
  const checked = checkBy(kind.settings, written);
  const problems = [...(checked.isValid ? [] : checked.problems), ...badNames(config.value)];
  if (problems.length > 0) return { isValid: false, problems };
  return { isValid: true, value: withoutSecrets(kind, config.value) };
}

function badNames(config: Json): Problem[] {
  return namesAskedFor(config)
    .filter((name) => !isReferenceName(name))
    .map((name) => ({
      path: [],
      reason: `asks for "\${${name}}", which is no name of a secret: letters, digits and "_" alone`,
    }));
}

function withoutSecrets(kind: SystemKind, config: Json): CheckedSystem {
  const secrets: Record<string, string> = {};
  const kept = kind.secrets.reduce((json, path) => {
    const keys = path.split('.');
    const value = valueAt(json, keys);
    if (typeof value !== 'string' || hasReference(value)) return json;
    const name = keys.map(inCapitals).join('_');
    secrets[name] = value;
    return replacedAt(json, keys, `\${${name}}`);
  }, config);
  return { config: kept, secrets };
}

/** `apiKey` → `API_KEY`. */
const inCapitals = (key: string): string => key.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();

type JsonObject = { readonly [key: string]: Json };

const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

function valueAt(json: Json, [key, ...rest]: readonly string[]): Json | undefined {
  if (key === undefined) return json;
  if (!isObject(json) || !Object.hasOwn(json, key)) return undefined;
  const value = json[key];
  return value === undefined ? undefined : valueAt(value, rest);
}

function replacedAt(json: Json, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  if (!isObject(json)) return json;
  return { ...json, [key]: replacedAt(json[key] ?? null, rest, value) };
}
