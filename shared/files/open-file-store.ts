import { createDiskFileStore, removeAbandonedParts as removePartsIn } from './disk-file-store';
import type { FileStore } from './file-store';

/** Where the files of the server are kept: a part of the configuration. */
export interface FileSettings {
  readonly filesDir: string;
}

/** The file store that the configuration names. */
export const openFileStore = ({ filesDir }: FileSettings): FileStore => createDiskFileStore(filesDir);

/** Removes what uploads left that were never finished. */
export const removeAbandonedParts = ({ filesDir }: FileSettings): ReturnType<typeof removePartsIn> =>
  removePartsIn(filesDir);
