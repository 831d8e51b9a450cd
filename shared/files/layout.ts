/** Where things lie in the file store. */
export const uploadPrefixOf = (syncId: string) => `uploads/${syncId}`;
export const archiveKeyOf = (syncId: string) => `${uploadPrefixOf(syncId)}/archive.zip`;
export const unpackedPrefixOf = (syncId: string) => `${uploadPrefixOf(syncId)}/unpacked`;
export const packagePrefixOf = (syncId: string) => `packages/${syncId}`;
/** Of one attempt: a worker that lost its lease never writes over its successor's package. */
export const packageKeyOf = (syncId: string, fence: number) => `${packagePrefixOf(syncId)}/${fence}.zip`;
export const photoPrefixOf = (solutionId: number) => `photos/${solutionId}`;
/** A photo's content is stored once for each solution. `sha256` in hex. */
export const photoKeyOf = (solutionId: number, sha256: string) =>
  `${photoPrefixOf(solutionId)}/${sha256}.jpg`;
