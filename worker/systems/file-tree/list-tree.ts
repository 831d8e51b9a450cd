import { once } from 'node:events';
import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';
import { type LookAtNames, lookAtEach, readFolder } from './entries';
import { errorCode } from '../../../shared/files/error-code';
import { isAbsence, troubleFrom } from './file-errors';
import type { RootFolder } from './root-folder';
import { startStatsThread, type StatsThread } from './stats-thread';
import { isAbandoned } from '../tree/temporary-names';

/**
 * Lists everything below the root, depth first. A folder that cannot be read is not an empty folder: the rest is
 * listed, and then the listing ends with an error, so that nothing counts as deleted. Files that dead processes left
 * are removed at the same time.
 */
export async function* listTree(
  root: RootFolder,
  isLeftOut: (path: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly PathEntry[]> {
  const unreadable: string[] = [];
  const looks = createNameLooks();
  try {
    yield* pagesBelow({ root, isLeftOut, signal, unreadable, lookAt: looks.lookAt });
  } finally {
    await looks.close();
  }
  if (unreadable.length > 0) throw new Trouble('unavailable', unreadableReason(unreadable));
}

interface Listing {
  readonly root: RootFolder;
  readonly isLeftOut: (path: string) => boolean;
  readonly signal: AbortSignal;
  /** Paths of folders that could not be read. Grows. */
  readonly unreadable: string[];
  readonly lookAt: LookAtNames;
}

async function* pagesBelow(listing: Listing): AsyncGenerator<readonly PathEntry[]> {
  const { isLeftOut, signal } = listing;
  const folders = [''];
  let page: PathEntry[] = [];
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    signal.throwIfAborted();
    for await (const entries of pagesOf(listing, path)) {
      signal.throwIfAborted();
      const kept = entries.filter((entry) => !isLeftOut(entry.path));
      folders.push(...kept.filter(({ isFolder }) => isFolder).map((folder) => folder.path));
      page.push(...kept);
      if (page.length < pageSize) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** Small folders share a page, because each page costs some statements. */
const pageSize = 1_000;

const unreadableReason = (paths: readonly string[]) =>
  `${paths.length === 1 ? 'a folder' : `${paths.length} folders`} cannot be read (${paths
    .slice(0, 3)
    .join(', ')}), so nothing is taken for deleted`;

/** Further names are looked at by a thread. To start one for a small tree costs more than it saves. */
const fewNames = 1_000;

function createNameLooks(): { readonly lookAt: LookAtNames; close(): Promise<void> } {
  let thread: StatsThread | null = null;
  let count = 0;
  return {
    async lookAt(folder, names) {
      count += names.length;
      if (count > fewNames) thread ??= startStatsThread();
      return thread === null ? lookAtEach(folder, names) : thread.statsOf(folder, names);
    },
    close: async () => thread?.close(),
  };
}

async function* pagesOf(
  { root, unreadable, lookAt }: Listing,
  path: string,
): AsyncGenerator<readonly PathEntry[]> {
  let held: FolderPages | null = null;
  try {
    held = await openPages(root, path, lookAt);
    for (let page = await held.next(); page !== null; page = await held.next()) yield page;
  } catch (error) {
    // Somebody removed or moved the folder in the meantime; a later listing shows it.
    if (isAbsence(error) && path !== '') return;
    const code = errorCode(error);
    if (code !== 'EACCES' && code !== 'EPERM')
      throw troubleFrom(error, `the folder ${path} cannot be listed`);
    unreadable.push(path === '' ? '/' : path);
  } finally {
    held?.close();
  }
}

interface FolderPages {
  /** Null: there are no more pages. */
  next(): Promise<readonly PathEntry[] | null>;
  close(): void;
}

/** The folder stays open until all its pages are read. */
async function openPages(root: RootFolder, path: string, lookAt: LookAtNames): Promise<FolderPages> {
  const closing = new AbortController();
  const closed = once(closing.signal, 'abort');
  const pages = await new Promise<AsyncGenerator<readonly PathEntry[]>>((resolve, reject) => {
    root
      .within(path, async (folder) => {
        resolve(entriesOf(folder, path, lookAt));
        await closed;
      })
      .catch(reject);
  });
  return {
    close: () => {
      closing.abort();
    },
    async next() {
      const page: IteratorResult<readonly PathEntry[], unknown> = await pages.next();
      return page.done === true ? null : page.value;
    },
  };
}

async function* entriesOf(
  folder: string,
  path: string,
  lookAt: LookAtNames,
): AsyncGenerator<readonly PathEntry[]> {
  for await (const { entries, temporary } of readFolder(folder, path, lookAt)) {
    for (const name of temporary) await removeAbandoned(join(folder, name), name);
    yield entries;
  }
}

/** Removes a file that a process had not finished when it died. */
export async function removeAbandoned(path: string, name: string): Promise<void> {
  try {
    if (isAbandoned(name, (await lstat(path)).mtime)) await rm(path, { recursive: true });
  } catch (error) {
    // Another process has removed it, or nobody may remove it; in both cases it is never listed.
    if (!isAbsence(error) && errorCode(error) !== 'EACCES' && errorCode(error) !== 'EPERM') throw error;
  }
}
