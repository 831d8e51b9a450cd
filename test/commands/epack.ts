import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';

export interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

const program = path.resolve(__dirname, '../../dist/epack.js');

/** Runs the built command to its end, with these settings alone. */
export async function epack(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its input may have closed it.
  child.stdin.on('error', () => undefined).end(input);
  const [exitCode, out, err] = await Promise.all([exitOf(child), text(child.stdout), text(child.stderr)]);
  return { exitCode, out, err };
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
