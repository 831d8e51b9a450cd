import { type Config, readConfig } from '../../shared/config/config';
import { withDatabaseNamed } from '../../shared/process/operator-errors';

// What several commands need: the configured server, a question, an answer.

/** What works with the configured database. */
export async function onServer<T>(work: (settings: Config) => Promise<T>): Promise<T> {
  const settings = readConfig(process.env);
  try {
    return await work(settings);
  } catch (error) {
    throw withDatabaseNamed(error, settings);
  }
}

/** What is wrong goes to the other output, and ends with 1. */
export function tell({
  lines,
  isWell,
}: {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}): void {
  for (const line of lines) (isWell ? console.log : console.error)(line);
  if (!isWell) process.exitCode = 1;
}

/** Without its line end. */
export async function firstLineOfInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/)[0] ?? '';
}

/** Without a terminal nobody can be asked: no. */
export async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** e.g. `1 sync`, `3 syncs`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
