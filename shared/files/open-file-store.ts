import { createDiskFileStore, removeAbandonedParts as removePartsIn } from './disk-file-store';
import type { FileStore } from './file-store';
import type { ObservedFileCall, S3Settings } from './s3-settings';

/** Where the files of the server are kept: a part of the configuration. */
export interface FileSettings {
  readonly fileStore: FileStoreKind;
  readonly filesDir: string;
  /** Null: no object store is configured. */
  readonly s3: S3Settings | null;
}

export type FileStoreKind = 'disk' | 's3';

/** The file store that the configuration names. `observe` sees every call to an object store. */
export async function openFileStore(
  settings: FileSettings,
  observe?: (call: ObservedFileCall) => void,
): Promise<FileStore> {
  if (settings.fileStore === 'disk') return createDiskFileStore(settings.filesDir);
  const { createS3FileStore } = await loadS3();
  return createS3FileStore(needS3(settings), observe);
}

/** The files of a folder of this machine, which is no part of the server's file store. */
export const createLocalFiles = (folder: string): FileStore => createDiskFileStore(folder);

/** Removes what uploads left that were never finished. */
export async function removeAbandonedParts(settings: FileSettings): Promise<void> {
  if (settings.fileStore === 'disk') return removePartsIn(settings.filesDir);
  const { removeAbandonedS3Parts } = await loadS3();
  return removeAbandonedS3Parts(needS3(settings));
}

/** Loaded only if it is used, because the library takes 22 MB of memory. */
const loadS3 = () => import('./s3-file-store.js');

function needS3({ s3 }: FileSettings): S3Settings {
  if (s3 === null) throw new Error('No object store is configured: set EPACK_S3_BUCKET.');
  return s3;
}
