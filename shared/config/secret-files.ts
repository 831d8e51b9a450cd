import { readFileSync } from 'node:fs';
import { secretSettings } from './settings';

/** Under what name the file of a secret is given. */
export const fileNameOf = (setting: string): string => `${setting}_FILE`;

/**
 * The environment with the content of each secret that is given as a file, in the place of the file's name. A file that
 * cannot be read, or a secret that is given twice, is a problem; no problem contains the content of a file.
 */
export function withSecretFiles(given: NodeJS.ProcessEnv): {
  readonly environment: NodeJS.ProcessEnv;
  readonly problems: readonly string[];
} {
  const fileNames: readonly string[] = secretSettings.map(fileNameOf);
  const environment: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(given).filter(([name]) => !fileNames.includes(name)),
  );
  const problems: string[] = [];
  for (const setting of secretSettings) {
    const file = given[fileNameOf(setting)] ?? '';
    if (file === '') continue;
    if ((given[setting] ?? '') !== '') {
      problems.push(`${setting} and ${fileNameOf(setting)} are both set: set one of them`);
      continue;
    }
    try {
      environment[setting] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      problems.push(`${fileNameOf(setting)} cannot be read: ${codeOf(error)}`);
    }
  }
  return { environment, problems };
}

/** e.g. `DATABASE_URL is read from /run/secrets/database_url`, for whoever checks the configuration. */
export function secretFileLines(environment: NodeJS.ProcessEnv): string[] {
  return secretSettings.flatMap((setting) => {
    const file = environment[fileNameOf(setting)] ?? '';
    return file === '' ? [] : [`${setting} is read from ${file}.`];
  });
}

/** For a process that is started with settings of its own: they replace those that were given, files included. */
export function withoutFilesOf(names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [fileNameOf(name), '']));
}

/** Why a file cannot be read, e.g. `ENOENT`. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'it is no file of text';
