import { FileStore as TusFileStore } from '@tus/file-store';
import path from 'node:path';
import type { FileStore } from '../../shared/files/file-store';
import { resumableFolder } from '../../shared/files/layout';
import { type ResumableStore, uploadExpiryMilliseconds } from './upload-store';
import { createUploadsInParts } from './upload-in-parts';

/** `filesDir`: the folder of a file store on a disk. */
export const openResumableStore = (files: FileStore, filesDir: string): ResumableStore =>
  files.parts === null ? uploadsInFolder(filesDir) : createUploadsInParts(files, files.parts);

/** The tus library appends to the files itself. */
function uploadsInFolder(filesDir: string): ResumableStore {
  const data = new TusFileStore({
    directory: path.join(filesDir, resumableFolder),
    expirationPeriodInMilliseconds: uploadExpiryMilliseconds,
  });
  return {
    data,
    ids: async () => (await data.configstore.list?.()) ?? [],
    async begunAt(id) {
      const begunAt = Date.parse((await data.configstore.get(id))?.creation_date ?? '');
      return Number.isNaN(begunAt) ? null : begunAt;
    },
  };
}
