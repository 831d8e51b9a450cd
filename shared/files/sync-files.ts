import type { FileStore } from './file-store';
import { packagePrefixOf, particularsKeyOf, uploadPrefixOf } from './layout';

/** Removes the upload of a sync and the package that answered it. */
export async function removeSyncFiles(
  files: Pick<FileStore, 'remove'>,
  { id, archiveKey }: { readonly id: string; readonly archiveKey: string | null },
): Promise<void> {
  await files.remove(uploadPrefixOf(id));
  await files.remove(packagePrefixOf(id));
  const particulars = archiveKey === null ? null : particularsKeyOf(archiveKey);
  if (archiveKey === null || particulars === null) return;
  // One that came as a resumable upload lies elsewhere.
  await files.remove(archiveKey);
  await files.remove(particulars);
}
