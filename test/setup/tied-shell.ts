import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/** A shell whose descriptor 4 ends when this process does, however that ends: `read -r _ <&4` waits for it. */
export interface TiedShell {
  readonly words?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A file descriptor for what it prints. */
  readonly output?: number;
}

/**
 * Runs a script that has to tidy up after us, even when we are killed. `words` are its $0, $1, …
 * It runs in a session of its own, and keeps this process from ending as little as its pipe does.
 */
export function startTiedShell(script: string, options: TiedShell = {}): ChildProcess {
  const output = options.output ?? 'ignore';
  const child = spawn('/bin/sh', ['-c', script, ...(options.words ?? [])], {
    env: options.environment ?? process.env,
    cwd: options.cwd ?? '/',
    detached: true,
    stdio: ['ignore', output, output, 'ignore', 'pipe'],
  });
  child.unref();
  const pipe = child.stdio[4];
  if (pipe instanceof Socket) {
    pipe.unref();
    pipe.on('error', () => undefined);
    child.once('exit', () => pipe.destroy());
  }
  return child;
}
