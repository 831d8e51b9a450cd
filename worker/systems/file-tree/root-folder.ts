import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Trouble } from '../../pipeline/trouble';
import { errorCode, isAbsence, troubleFrom } from './file-errors';

/** The folder of a pair. No symbolic link below it is followed, not even one that someone makes at the same moment. */
export interface RootFolder {
  /**
   * Calls `run` with a path to the folder that is at `path` below the root. That path names this folder until `run` has
   * ended, even if something is renamed. Throws `root-missing`, and errors of the operating system.
   */
  within<T>(path: string, run: (folder: string, handle: FileHandle) => Promise<T>): Promise<T>;
  /** Distinguishes this folder from another one at the same path. */
  identity(): Promise<string>;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export function createRootFolder(folder: string): RootFolder {
  let first: string | null = null;

  async function opened(): Promise<FileHandle> {
    let handle: FileHandle;
    try {
      // Links in the path of the root were made by the operator; links below the root may be made by anybody.
      handle = await open(await realpath(folder), asFolder);
    } catch (error) {
      if (isAbsence(error)) throw missing(folder, 'it is not there');
      throw troubleFrom(error, `the folder ${folder}`);
    }
    try {
      const found = identityOf(await handle.stat({ bigint: true }));
      first ??= found;
      if (found !== first) throw missing(folder, 'another folder is at its place');
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  return {
    async within(path, run) {
      let handle = await opened();
      try {
        let plain = await realpath(folder);
        for (const name of path === '' ? [] : path.split('/')) {
          const next = await open(join(pathOf(handle, plain), name), asFolder);
          await handle.close();
          handle = next;
          plain = join(plain, name);
        }
        return await run(pathOf(handle, plain), handle);
      } finally {
        await handle.close();
      }
    },
    async identity() {
      const handle = await opened();
      await handle.close();
      return first ?? '';
    },
  };
}

/** On Linux, this path names the folder of the handle, so nothing that was renamed or linked since is followed. */
const pathOf = ({ fd }: FileHandle, plain: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${fd}` : plain;

const missing = (folder: string, why: string) =>
  new Trouble('root-missing', `root-missing: the folder ${folder}: ${why}. Is it mounted?`);

/**
 * A file system may give the number of an inode to the next file at once, but number and time of birth together are
 * unique. If a file system stores no time of birth, a file is recognised by its time and size as well, and the root
 * only by its number.
 */
export const identityOf = ({ ino, birthtimeNs }: BigIntStats): string => `${ino}:${birthtimeNs}`;

/** Null: there is none. */
export async function statsOf(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isAbsence(error) || errorCode(error) === 'ENAMETOOLONG') return null;
    throw error;
  }
}
