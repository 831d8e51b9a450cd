import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';
import type { Config } from '../config/config';

/**
 * Makes the folders of the data directory, before anything else is made. New folders are only accessible to this user,
 * except for the directory itself: the embedded database may run as another user, who must be able to pass through it.
 * Throws a sentence for the operator where it cannot be written.
 */
export async function makeDataFolder({
  dataDir,
  filesDir,
}: Pick<Config, 'dataDir' | 'filesDir'>): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await mkdir(filesDir, { recursive: true, mode: 0o700 });
    await access(filesDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = isNativeError(error) && 'code' in error ? String(error.code) : String(error);
    throw new Error(
      `The data folder ${dataDir} cannot be written (${code}): set EPACK_DATA_DIR to another, or mend its rights.`,
      { cause: error },
    );
  }
}
