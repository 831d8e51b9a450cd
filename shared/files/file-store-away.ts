import { isNativeError } from 'node:util/types';

/**
 * True where an error means that the file store takes or gives nothing just now, whatever is asked of it: full, read-only,
 * without right of access, out of handles. Someone must act; then the same call succeeds.
 */
export function isFileStoreAway(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && awayCodes.has(error.code);
}

/** True where an error means that the file store takes nothing more, though what it has can be read. */
export function isFileStoreFull(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && fullCodes.has(error.code);
}

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

const awayCodes: ReadonlySet<unknown> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ESTALE',
]);
