import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { SyncReport } from '../../shared/domain/report';
import { fileBytes } from './durable-files';
import { type LocalCopy, photoFile, photoIndexFile } from './local-copy';
import { isSystemError } from './system-error';

/** Records the photos that the server has put into quarantine, so that they are not sent with every sync. */
export async function rememberRefusedPhotos(copy: LocalCopy, { rejections }: SyncReport): Promise<void> {
  const refused: Record<string, number> = {};
  for (const { file } of rejections) {
    const [, name] = /^photos\/([^/]+)$/i.exec(file) ?? [];
    const bytes = name === undefined ? null : await fileBytes(photoFile(copy.dir, name));
    if (name !== undefined && bytes !== null) refused[name] = bytes;
  }
  if (Object.keys(refused).length === 0) return;
  await copy.changeState((state) => ({ ...state, refusedPhotos: { ...state.refusedPhotos, ...refused } }));
}

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
