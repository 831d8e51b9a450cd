import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Trouble } from '../../pipeline/trouble';
import { errorCode, isAbsence, troubleFrom } from './file-errors';

/** The folder of a pair. No symbolic link below it is followed, also one that someone puts there at that very moment. */
export interface RootFolder {
  /**
   * Runs with a path that names the folder at `path` below the root as long as it runs, whatever is renamed meanwhile.
   * Throws `root-missing`, and what the operating system says.
   */
  within<T>(path: string, run: (folder: string, handle: FileHandle) => Promise<T>): Promise<T>;
  /** Tells it from another folder at its place. */
  identity(): Promise<string>;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export function createRootFolder(folder: string): RootFolder {
  let first: string | null = null;

  async function opened(): Promise<FileHandle> {
    let handle: FileHandle;
    try {
      // Links that lead to the root are its operator's; those below it are anybody's.
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

/** Names what the handle holds, on Linux: a path from there on follows nothing that was renamed or linked since. */
const pathOf = ({ fd }: FileHandle, plain: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${fd}` : plain;

const missing = (folder: string, why: string) =>
  new Trouble('root-missing', `root-missing: the folder ${folder}: ${why}. Is it mounted?`);

/**
 * The number of an inode is given to the next file at once, and with its time of birth it is given to nobody else. Where a
 * file system keeps no time of birth, a file is known by its time and size as well, and the root by its number alone.
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
