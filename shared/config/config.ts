import path from 'node:path';
import { type Parsed, type Setting, settings } from './settings';

type Settings = typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** Settings that have a default are always there; the others may be null. */
type Values = {
  readonly [Name in keyof Settings]: ValueOf<Settings[Name]> | (Name extends Optional ? null : never);
};
type Optional = 'databaseUrl' | 'queueUrl' | 'adminEmail' | 'adminPassword' | 'tokenSecret';

export interface Config extends Values {
  /** Folder of the file store. */
  readonly filesDir: string;
}

/** All that is wrong with the environment, at once. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration has mistakes:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** Reads the whole configuration. Throws a `ConfigError` that lists every mistake. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const problems = unknownNames(environment);
  const entries = Object.entries(settings).map(([key, setting]) => {
    const parsed = parse(setting, environment);
    if ('problem' in parsed) problems.push(`${setting.name} ${parsed.problem}`);
    return [key, 'value' in parsed ? parsed.value : null] as const;
  });
  const values = Object.fromEntries(entries) as unknown as Values;
  if ((values.adminEmail === null) !== (values.adminPassword === null)) {
    problems.push('EPACK_ADMIN_EMAIL and EPACK_ADMIN_PASSWORD go together: set both or none');
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const dataDir = path.resolve(values.dataDir);
  return Object.freeze({
    ...values,
    dataDir,
    filesDir: path.join(dataDir, 'files'),
  });
}

/** `docs/configuration.md`, from the table of settings. */
export function configurationMarkdown(): string {
  const rows = Object.values(settings).map(
    (setting) =>
      `| \`${setting.name}\` | ${setting.fallback === null ? '' : `\`${setting.fallback}\``} | ${setting.description} |`,
  );
  return [
    '# Configuration',
    '',
    'All settings come from the environment; they are read once, at start, and every mistake is reported at once.',
    'This page is written from the code by `npm run docs:configuration`.',
    '',
    '| variable | default | what it sets |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function parse(setting: Setting<unknown>, environment: NodeJS.ProcessEnv): Parsed<unknown> {
  const written = environment[setting.name];
  const value = written === undefined || written === '' ? setting.fallback : written;
  return value === null ? { value: null } : setting.parse(value);
}

/** A misspelt name would be a setting that silently does nothing. */
function unknownNames(environment: NodeJS.ProcessEnv): string[] {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.name));
  return Object.keys(environment)
    .filter((name) => name.startsWith('EPACK_') && !known.has(name) && !foreign.test(name))
    .map((name) => `${name} is not a setting`);
}

/** Names of ours that belong to the tests and to the reference solution. */
const foreign = /^EPACK_(TEST_|SOLUTION_)/;
