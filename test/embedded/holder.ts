import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A process of its own that uses the embedded database. */
export interface Holder {
  readonly url: string;
  /** Lets go of the database and ends. */
  stop(): Promise<void>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

export interface HolderOptions {
  readonly ephemeral?: boolean;
  /** Whom it runs as, where that is not us. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Rejects with what the process said where it could not have the database. */
export async function startHolder(dataDir: string, options: HolderOptions = {}): Promise<Holder> {
  const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
  const words = ['-r', hook, path.join(__dirname, 'holder-child.ts'), dataDir];
  if (options.ephemeral === true) words.push('ephemeral');
  const child = spawn(process.execPath, words, {
    ...options.user,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('close', () => reject(new Error(said)));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { url, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
