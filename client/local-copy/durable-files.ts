import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { piecesOfFile } from './read-file';
import { isSystemError } from './system-error';

/** Bytes or text, whole or piece by piece. */
export type Content = string | Buffer | AsyncIterable<string | Buffer> | Iterable<string | Buffer>;

/**
 * Writes files so that a path always has either its old content or all of the new content, even if the program dies in
 * between.
 */
export interface DurableFiles {
  /**
   * Writes to a temporary file, then renames it once. On return it is on the disk. Creates the folder if it is missing.
   */
  readonly write: (file: string, content: Content) => Promise<void>;
  /** The only operation that is not one step: if the program dies, a part of `bytes` may be at the end of the file. */
  readonly append: (file: string, bytes: Buffer) => Promise<void>;
  /** Puts a finished file in its place in one step. */
  readonly move: (from: string, to: string) => Promise<void>;
}

/** @param flush false: safe from the program's death, not from the machine's. For simulations, where hundreds share a disk. */
export function createDurableFiles(flush: boolean): DurableFiles {
  const move = async (from: string, to: string): Promise<void> => {
    await rename(from, to);
    if (flush) await syncFolder(path.dirname(to));
  };
  const write = async (file: string, content: Content): Promise<void> => {
    await mkdir(path.dirname(file), { recursive: true });
    const temporaryFile = file + unfinished;
    await pipeline(piecesOf(content), createWriteStream(temporaryFile, { mode: 0o600, flush }));
    await move(temporaryFile, file);
  };
  const append = (file: string, bytes: Buffer): Promise<void> => appendFile(file, bytes, { flush });
  return { write, append, move };
}

/** Removes the temporary files that a dead program left in a folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  for (const name of names) if (name.endsWith(unfinished)) await rm(path.join(folder, name), { force: true });
}

const unfinished = '.next';

/** Null if there is no such file. */
export async function fileBytes(file: string): Promise<number | null> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
}

/** In hex; null if there is no such file. */
export async function sha256Of(file: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of piecesOfFile(file)) hash.update(chunk);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
  return hash.digest('hex');
}

function piecesOf(content: Content): Readable {
  if (typeof content === 'string' || Buffer.isBuffer(content)) return Readable.from([content]);
  return Readable.from(content);
}

async function syncFolder(folder: string): Promise<void> {
  // Windows can neither open nor sync a folder; a rename is durable there without it.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
