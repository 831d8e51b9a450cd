/** The keys of the objects in the file store. */
export const uploadPrefixOf = (syncId: string) => `uploads/${syncId}`;
export const archiveKeyOf = (syncId: string) => `${uploadPrefixOf(syncId)}/archive.zip`;
export const unpackedPrefixOf = (syncId: string) => `${uploadPrefixOf(syncId)}/unpacked`;
/** Resumable uploads grow here, and stay when they have become a sync's. */
export const resumableFolder = 'tus';
export const resumableKeyOf = (uploadId: string) => `${resumableFolder}/${uploadId}`;
/** The key of the description of a resumable upload. Null: the archive was not uploaded that way. */
export const particularsKeyOf = (archiveKey: string) =>
  archiveKey.startsWith(`${resumableFolder}/`) ? `${archiveKey}.json` : null;
/** Files from sticks, while they are taken in. The name begins with the time, in milliseconds. */
export const offlineFolder = 'offline';
export const packagePrefixOf = (syncId: string) => `packages/${syncId}`;
/**
 * Each attempt has a key of its own, so that a worker that has lost its lease never overwrites the package of its
 * successor.
 */
export const packageKeyOf = (syncId: string, fence: number) => `${packagePrefixOf(syncId)}/${fence}.zip`;
/** A photo's content is stored once for each solution. `sha256` in hex. */
export const photoKeyOf = (solutionId: number, sha256: string) => `photos/${solutionId}/${sha256}.jpg`;
/** A small picture of it, upright. Under a prefix of its own: it can be made again, photos cannot. */
export const thumbnailKeyOf = (solutionId: number, sha256: string) =>
  `thumbnails/${solutionId}/${sha256}.jpg`;
/** The names of the photos are stored beside their contents, so that the index can be rebuilt from the files. */
export const photoNamePrefixOf = (solutionId: number) => `photo-names/${solutionId}`;
/** `nameSha256`: of the name in lower case, hex. A name itself may be too long for a key. */
export const photoNameKeyOf = (solutionId: number, nameSha256: string) =>
  `${photoNamePrefixOf(solutionId)}/${nameSha256}.json`;
/** Top folders whose files stay until their account is purged; nothing in them is ever changed. */
export const lastingPrefixes = ['photos', 'photo-names', 'thumbnails'] as const;
