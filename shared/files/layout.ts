/** Where things lie in the file store. */
export const uploadPrefixOf = (syncId: string) => `uploads/${syncId}`;
export const archiveKeyOf = (syncId: string) => `${uploadPrefixOf(syncId)}/archive.zip`;
export const unpackedPrefixOf = (syncId: string) => `${uploadPrefixOf(syncId)}/unpacked`;
/** Resumable uploads grow here, and stay when they have become a sync's. */
export const resumableFolder = 'tus';
export const resumableKeyOf = (uploadId: string) => `${resumableFolder}/${uploadId}`;
/** What is known of a resumable upload lies beside it. Null: the archive did not come as one. */
export const particularsKeyOf = (archiveKey: string) =>
  archiveKey.startsWith(`${resumableFolder}/`) ? `${archiveKey}.json` : null;
export const packagePrefixOf = (syncId: string) => `packages/${syncId}`;
/** Of one attempt: a worker that lost its lease never writes over its successor's package. */
export const packageKeyOf = (syncId: string, fence: number) => `${packagePrefixOf(syncId)}/${fence}.zip`;
/** A photo's content is stored once for each solution. `sha256` in hex. */
export const photoKeyOf = (solutionId: number, sha256: string) => `photos/${solutionId}/${sha256}.jpg`;
/** A small picture of it, upright. Under a prefix of its own: it can be made anew, photos cannot. */
export const thumbnailKeyOf = (solutionId: number, sha256: string) =>
  `thumbnails/${solutionId}/${sha256}.jpg`;
/** Which content bears which name, beside the contents, so that the index can be rebuilt from them. */
export const photoNamePrefixOf = (solutionId: number) => `photo-names/${solutionId}`;
/** `nameSha256`: of the name in lower case, hex. A name itself may be too long for a key. */
export const photoNameKeyOf = (solutionId: number, nameSha256: string) =>
  `${photoNamePrefixOf(solutionId)}/${nameSha256}.json`;
/** Top folders whose files stay until their account is purged; nothing in them is ever changed. */
export const lastingPrefixes = ['photos', 'photo-names', 'thumbnails'] as const;
