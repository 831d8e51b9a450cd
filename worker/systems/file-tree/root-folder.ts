import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Trouble } from '../../pipeline/trouble';
import { joinCalls } from '../join-calls';
import { errorCode } from '../../../shared/files/error-code';
import { isAbsence, troubleFrom } from './file-errors';

/** The folder of a pair. No symbolic link below it is followed, not even one that someone makes at the same moment. */
export interface RootFolder {
  /**
   * Calls `run` with a path to the folder that is at `path` below the root. That path names this folder until `run` has
   * ended, even if something is renamed. Throws `root-missing`, and errors of the operating system.
   */
  within<T>(path: string, run: (folder: string, handle: OpenFolder) => Promise<T>): Promise<T>;
  /** Call it when folders were moved or removed: the next accesses look at the paths again. */
  pathsChanged(): void;
  /** Distinguishes this folder from another one at the same path. */
  identity(): Promise<string>;
}

export interface OpenFolder {
  /** The names in the folder are on the disk. Those who ask at the same moment share one call. */
  sync(): Promise<void>;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** For how long further accesses join one that has opened the same folder and is still under way. */
const joinableMs = 50;

export function createRootFolder(folder: string): RootFolder {
  let first: string | null = null;
  let shared = new Map<string, SharedFolder>();

  /** Accesses of the same moment share the folders that they open. An access that is alone begins at the root. */
  function folderAt(path: string): SharedFolder {
    const known = shared.get(path);
    if (known?.isJoinable() === true) return known;
    const opened = shareFolder(() => (path === '' ? openRoot() : openBelow(path)));
    shared.set(path, opened);
    return opened;
  }

  async function use<T>(path: string, run: (opened: PlacedHandle, shared: SharedFolder) => Promise<T>) {
    const opened = folderAt(path);
    try {
      return await opened.use((placed) => run(placed, opened));
    } finally {
      if (opened.isClosed() && shared.get(path) === opened) shared.delete(path);
    }
  }

  async function openRoot(): Promise<PlacedHandle> {
    const placed = await openPlaced(folder);
    try {
      const found = identityOf(await placed.handle.stat({ bigint: true }));
      first ??= found;
      if (found !== first) throw missing(folder, 'another folder is at its place');
      return placed;
    } catch (error) {
      await placed.handle.close();
      throw error;
    }
  }

  const openBelow = (path: string): Promise<PlacedHandle> => {
    const end = path.lastIndexOf('/');
    const name = path.slice(end + 1);
    return use(path.slice(0, Math.max(0, end)), async (above) => ({
      handle: await open(join(pathOf(above), name), asFolder),
      plain: join(above.plain, name),
    }));
  };

  return {
    within: (path, run) => use(path, (placed, opened) => run(pathOf(placed), opened)),
    pathsChanged() {
      shared = new Map();
    },
    async identity() {
      await use('', () => Promise.resolve());
      return first ?? '';
    },
  };
}

interface PlacedHandle {
  readonly handle: FileHandle;
  /** The path of the folder when it was opened, for systems without `/proc`. */
  readonly plain: string;
}

interface SharedFolder extends OpenFolder {
  /** True: somebody uses it, and it was opened just now. */
  isJoinable(): boolean;
  isClosed(): boolean;
  use<T>(run: (placed: PlacedHandle) => Promise<T>): Promise<T>;
}

/** Opens a folder for its first user, and closes it after the last one. */
function shareFolder(opening: () => Promise<PlacedHandle>): SharedFolder {
  const openedAt = performance.now();
  const opened = opening();
  const syncTogether = joinCalls({
    run: async (asks: readonly null[]) => {
      await (await opened).handle.sync();
      return asks.map(() => true);
    },
  });
  let users = 0;
  let isClosed = false;
  return {
    isJoinable: () => !isClosed && performance.now() - openedAt < joinableMs,
    isClosed: () => isClosed,
    sync: async () => {
      await syncTogether(null);
    },
    async use(run) {
      users += 1;
      try {
        return await run(await opened);
      } finally {
        users -= 1;
        isClosed = users === 0;
        if (isClosed) await (await opened).handle.close();
      }
    },
  };
}

/** Links in the path of the root were made by the operator; links below the root may be made by anybody. */
async function openPlaced(folder: string): Promise<PlacedHandle> {
  try {
    const plain = await realpath(folder);
    return { handle: await open(plain, asFolder), plain };
  } catch (error) {
    if (isAbsence(error)) throw missing(folder, 'it is not there');
    throw troubleFrom(error, `the folder ${folder}`);
  }
}

/** On Linux, this path names the folder of the handle, so nothing that was renamed or linked since is followed. */
const pathOf = ({ handle: { fd }, plain }: PlacedHandle): string =>
  process.platform === 'linux' ? `/proc/self/fd/${fd}` : plain;

const missing = (folder: string, why: string) =>
  new Trouble('root-missing', `root-missing: the folder ${folder}: ${why}. Is it mounted?`);

/**
 * A file system may give the number of an inode to the next file at once, but number and time of birth together are
 * unique. If a file system stores no time of birth, a file is recognised by its time and size as well, and the root
 * only by its number.
 */
export const identityOf = ({ ino, birthtimeNs }: Pick<BigIntStats, 'ino' | 'birthtimeNs'>): string =>
  `${ino}:${birthtimeNs}`;

/** The folder and those above it, each by its device and inode, so that other paths to them do not matter. */
export async function locationOf(folder: string): Promise<readonly string[]> {
  const location: string[] = [];
  try {
    for (let path = await realpath(folder); ; path = dirname(path)) {
      const { dev, ino } = await lstat(path, { bigint: true });
      location.push(`${dev}:${ino}`);
      if (path === dirname(path)) return location;
    }
  } catch (error) {
    // A run says what is missing.
    if (isAbsence(error)) return [];
    throw troubleFrom(error, `the folder ${folder}`);
  }
}

/** Null: there is none. */
export async function statsOf(path: string): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isAbsence(error) || errorCode(error) === 'ENAMETOOLONG') return null;
    throw error;
  }
}
