import { isNativeError } from 'node:util/types';
import { errorCode } from './error-code';

/** Why an object store does not do what it is asked, in a word for metrics and tests. */
export type AwayReason =
  'unreachable' | 'tls' | 'slow-down' | 'denied' | 'bucket-missing' | 'clock-skew' | 'full' | 'refused';

/** The object store cannot be used at the moment. Its message tells an operator what to look at. */
export class FileStoreAway extends Error {
  constructor(
    readonly reason: AwayReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'FileStoreAway';
  }
}

/**
 * True if an error means that no call to the file store can succeed at the moment: it is full, read-only, without
 * access rights or out of handles; or it is an object store that cannot be reached or refuses. Someone must act, and then
 * the same call succeeds.
 */
export function isFileStoreAway(error: unknown): boolean {
  if (error instanceof FileStoreAway) return true;
  return isNativeError(error) && awayCodes.has(errorCode(error));
}

/** True if an error means that the file store accepts nothing more, although its files can be read. */
export function isFileStoreFull(error: unknown): boolean {
  if (error instanceof FileStoreAway) return error.reason === 'full';
  return isNativeError(error) && fullCodes.has(errorCode(error));
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
