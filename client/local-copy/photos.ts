import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type LocalCopy, photoIndexFile } from './local-copy';
import { isSystemError } from './system-error';

/** The file names of the photos in a local copy, sorted. */
export async function photoNames(copy: LocalCopy): Promise<string[]> {
  try {
    const names = await readdir(path.dirname(photoIndexFile(copy.dir)));
    return names.filter((name) => /\.jpe?g$/i.test(name)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
