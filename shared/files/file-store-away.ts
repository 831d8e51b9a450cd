import { isNativeError } from 'node:util/types';

/**
 * True if an error means that no call to the file store can succeed at the moment: it is full, read-only, without
 * access rights or out of handles. Someone must act, and then the same call succeeds.
 */
export function isFileStoreAway(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && awayCodes.has(error.code);
}

/** True if an error means that the file store accepts nothing more, although its files can be read. */
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
