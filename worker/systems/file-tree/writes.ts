import { mkdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf, nameOf } from '../tree/tree-items';
import type { NewEntry, PathEntry, PathTree, TreeRefused, TreeRemoved, TreeWritten } from '../tree/path-tree';
import type { Content } from '../../pipeline/system';
import type { FolderCalls } from './calls';
import { entryFrom, readFolder } from './entries';
import { refusalFrom, troubleFrom } from './file-errors';
import { removeAbandoned } from './list-tree';
import { type OpenFolder, type RootFolder, statsOf } from './root-folder';
import { moveFile, moveFolder, publish, replace, writeTemporary } from './write-file';
import { nameTaken } from '../../pipeline/refusal';

type Writes = Pick<PathTree, 'makeFolder' | 'makeFile' | 'replaceFile' | 'move' | 'remove'>;

/** A content is on the disk before it is seen under its name, and the name is on the disk before the write ends. */
export function createWrites(root: RootFolder, calls: FolderCalls): Writes {
  return {
    makeFolder: (path, _, signal) =>
      calls.told('create', path, signal, () => written(path, () => makeFolder(root, path))),
    makeFile: (path, content, wish, signal) =>
      calls.told('create', path, signal, () =>
        written(path, () => makeFile(root, path, dated(content, wish), signal)),
      ),
    replaceFile: (expected, content, signal) =>
      calls.told('update', expected.path, signal, () =>
        written(expected.path, () => replaceFile(root, expected, content, signal)),
      ),
    move: (expected, path, signal) =>
      calls.told('move', expected.path, signal, () => written(path, () => move(root, expected, path))),
    remove: (expected, signal) =>
      calls.told('delete', expected.path, signal, () => written(expected.path, () => remove(root, expected))),
  };
}

const dated = (content: Content, { modifiedAt }: NewEntry): Content => ({ ...content, modifiedAt });

/** A refusal by the operating system is a result; after any other error, the write is tried again. */
async function written<T>(path: string, write: () => Promise<T>): Promise<T | TreeRefused> {
  try {
    return await write();
  } catch (error) {
    const refusal = refusalFrom(error);
    if (refusal !== null) return refusal;
    throw troubleFrom(error, `${path} cannot be written`);
  }
}

const makeFolder = (root: RootFolder, path: string): Promise<TreeWritten> =>
  root.within(folderOf(path), async (folder, handle) => {
    await mkdir(join(folder, nameOf(path)));
    await handle.sync();
    return shown(folder, path);
  });

const makeFile = (
  root: RootFolder,
  path: string,
  content: Content,
  signal: AbortSignal,
): Promise<TreeWritten> =>
  root.within(folderOf(path), async (folder, handle) => {
    const target = join(folder, nameOf(path));
    if ((await statsOf(target)) !== null) return nameTaken;
    const temporary = await writeTemporary(folder, content, null, signal);
    // A worker that has lost the pair meanwhile gives nothing its name.
    await orRemove(temporary, async () => {
      signal.throwIfAborted();
      await publish(temporary, target);
    });
    await handle.sync();
    return shown(folder, path);
  });

const replaceFile = (
  root: RootFolder,
  expected: PathEntry,
  content: Content,
  signal: AbortSignal,
): Promise<TreeWritten> =>
  root.within(folderOf(expected.path), async (folder, handle) => {
    const target = join(folder, nameOf(expected.path));
    const before = await statsOf(target);
    if (!isAsExpected(expected, await found(folder, expected.path)) || before === null)
      return { kind: 'stale', entry: await found(folder, expected.path) };
    const temporary = await writeTemporary(folder, content, before, signal);
    const isReplaced = await orRemove(temporary, async () => {
      signal.throwIfAborted();
      return replace(temporary, target, expected.revision);
    });
    if (!isReplaced) {
      await unlinkIfThere(temporary);
      return { kind: 'stale', entry: await found(folder, expected.path) };
    }
    await handle.sync();
    return shown(folder, expected.path);
  });

const move = (root: RootFolder, expected: PathEntry, path: string): Promise<TreeWritten> =>
  root.within(folderOf(expected.path), (from, source) =>
    root.within(folderOf(path), async (to, target) => {
      const now = await found(from, expected.path);
      if (!isAsExpected(expected, now)) return { kind: 'stale', entry: now };
      const moving = expected.isFolder ? moveFolder : moveFile;
      await moving(join(from, nameOf(expected.path)), join(to, nameOf(path)));
      if (expected.isFolder) root.pathsChanged();
      await syncBoth(source, target);
      return shown(to, path);
    }),
  );

const remove = (root: RootFolder, expected: PathEntry): Promise<TreeRemoved> =>
  root.within(folderOf(expected.path), async (folder, handle): Promise<TreeRemoved> => {
    const now = await found(folder, expected.path);
    if (!isAsExpected(expected, now)) return { kind: 'stale', entry: now };
    const path = join(folder, nameOf(expected.path));
    if (expected.isFolder) await removeFolder(root, expected.path, path);
    else await unlink(path);
    await handle.sync();
    return { kind: 'done' };
  });

/** Files that a dead process left in the folder are removed with it. */
async function removeFolder(root: RootFolder, path: string, target: string): Promise<void> {
  await root.within(path, async (folder) => {
    for await (const { temporary } of readFolder(folder, path))
      for (const name of temporary) await removeAbandoned(join(folder, name), name);
  });
  await rmdir(target);
  root.pathsChanged();
}

async function found(folder: string, path: string): Promise<PathEntry | null> {
  const stats = await statsOf(join(folder, nameOf(path)));
  const entry = stats === null ? null : entryFrom(path, stats);
  return entry === null || 'why' in entry ? null : entry;
}

const isAsExpected = (expected: PathEntry, now: PathEntry | null): boolean =>
  now !== null &&
  now.isFolder === expected.isFolder &&
  now.revision === expected.revision &&
  (!now.isFolder || expected.identity === null || now.identity === expected.identity);

async function shown(folder: string, path: string): Promise<TreeWritten> {
  const entry = await found(folder, path);
  return entry === null ? { kind: 'stale', entry: null } : { kind: 'done', entry };
}

async function syncBoth(one: OpenFolder, other: OpenFolder): Promise<void> {
  await one.sync();
  await other.sync();
}

async function orRemove<T>(temporary: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    await unlinkIfThere(temporary);
    throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  if ((await statsOf(path)) !== null) await unlink(path);
}
