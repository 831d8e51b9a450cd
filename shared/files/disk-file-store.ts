import { randomUUID } from 'node:crypto';
import { mkdir, open, opendir, rename, rm, stat, statfs } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import pLimit from 'p-limit';
import path from 'node:path';
import { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';
import { notFound } from '../errors/catalog';
import { internalFolder, needPlainKey } from './file-keys';
import type { ByteRange, FileContent, FileStore, StoredFile, WriteBatch } from './file-store';

/**
 * Unfinished files are in this folder. It is in the same file system as the finished ones, so that a rename completes a
 * file.
 */
const PARTS_FOLDER = internalFolder;
/** A part of this age was left by a process that died. No upload takes that long. */
const ABANDONED_PART_HOURS = 24;
const READ_CHUNK_BYTES = 256 * 1024;
/**
 * How much is written at once: more if there is only one file, less if there are many, because each keeps it in memory
 * twice.
 */
const MOST_WRITE_BYTES = 512 * 1024;
const LEAST_WRITE_BYTES = 64 * 1024;
const WRITE_BYTES_OF_ALL = 1024 * 1024;
const SYNC_BYTES = 8 * 1024 * 1024;
const PROBE_BYTES = 64 * 1024;
/** How many files of one batch may be written but not yet durable. Each of them is open. */
const UNSYNCED_FILES = 2;
/** The limit for all files together. Of libuv's four threads, two stay free for inflating and writing. */
const syncInTurn = pLimit(2);

/** The file store in a directory. When `write` and `commit` resolve, the file and every folder above it are fsynced. */
export function createDiskFileStore(folder: string): FileStore {
  const root = path.resolve(folder);
  const tree: Tree = { root, lasting: new Set() };
  let prepared: Promise<void> | null = null;

  return {
    parts: null,

    async write(key, content) {
      const target = locate(root, key);
      await prepare();
      const part = path.join(root, PARTS_FOLDER, randomUUID());
      try {
        const bytes = await writePart(part, content);
        await mkdir(path.dirname(target), { recursive: true });
        await rename(part, target);
        await syncFolders(tree, foldersAbove(root, target), path.dirname(target) === root);
        return { key, bytes };
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },

    startBatch: () => startDiskBatch(tree, prepare),

    async makeDurable(key) {
      const target = locate(root, key);
      await syncAll([target, ...foldersAbove(root, target)]);
    },

    async read(key, range) {
      if (range !== undefined && range.end < range.start)
        throw new RangeError('a byte range ends before it starts');
      if (range !== undefined && range.end - range.start < READ_CHUNK_BYTES)
        return Readable.from(await readPiece(locate(root, key), range), { objectMode: false });
      const file = await open(locate(root, key)).catch(absentAsNotFound);
      if (!(await file.stat()).isFile()) {
        await file.close();
        throw notFound('file');
      }
      return file.createReadStream({ ...rangeOptions(range), highWaterMark: READ_CHUNK_BYTES });
    },

    async stat(key) {
      const found = await stat(locate(root, key)).catch(absentAsNull);
      return found?.isFile() === true ? { key, bytes: found.size } : null;
    },

    list: (prefix) => (prefix === '' ? walk(root, '') : walk(locate(root, prefix), `${prefix}/`)),

    async remove(prefix) {
      const removed = locate(root, prefix);
      tree.lasting.delete(removed);
      await rm(removed, { recursive: true, force: true });
    },

    async space() {
      await prepare();
      const { bsize, blocks, bavail } = await statfs(root);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    },

    async check() {
      const parts = path.join(root, PARTS_FOLDER);
      await mkdir(parts, { recursive: true });
      const probe = path.join(parts, randomUUID());
      try {
        // A full disk may still have room for a file with nothing in it.
        await writePart(probe, Buffer.alloc(PROBE_BYTES));
      } finally {
        await rm(probe, { force: true });
      }
    },
  };

  /** Before the first write of this process. Tried again where it failed. */
  function prepare(): Promise<void> {
    prepared ??= prepareRoot(root).catch((error: unknown) => {
      prepared = null;
      throw error;
    });
    return prepared;
  }
}

function startDiskBatch(tree: Tree, prepare: () => Promise<void>): WriteBatch {
  const { root } = tree;
  const folders = new Set<string>();
  const syncs = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  let isFileInRoot = false;

  return {
    async write(key, content) {
      const target = locate(root, key);
      isFileInRoot ||= path.dirname(target) === root;
      await prepare();
      await makeFolders(target);
      const file = await open(target, 'w');
      const bytes = await fill(file, content).catch((error: unknown) => closeAndThrow(file, error));
      while (syncs.size >= UNSYNCED_FILES) await Promise.race(syncs);
      syncInBackground(file);
      return { key, bytes };
    },

    async commit() {
      await Promise.all(syncs);
      if (failure !== null) throw failure.error;
      await syncFolders(tree, [...folders], isFileInRoot);
    },
  };

  async function makeFolders(target: string): Promise<void> {
    if (folders.has(path.dirname(target))) return;
    await mkdir(path.dirname(target), { recursive: true });
    for (const folder of foldersAbove(root, target)) folders.add(folder);
  }

  /** The disk writes this file while the processor unpacks the next one. */
  function syncInBackground(file: FileHandle): void {
    const sync = syncInTurn(() => syncAndClose(file))
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => syncs.delete(sync));
    syncs.add(sync);
  }
}

/** Removes what processes that died left half written in the file store of this directory, a day later. */
export async function removeAbandonedParts(folder: string): Promise<void> {
  const parts = path.join(path.resolve(folder), PARTS_FOLDER);
  const entries = await opendir(parts).catch(absentAsNull);
  if (entries === null) return;
  const oldestMs = Date.now() - ABANDONED_PART_HOURS * 3_600_000;
  for await (const entry of entries) {
    const part = path.join(parts, entry.name);
    const found = await stat(part).catch(absentAsNull);
    if (found !== null && found.mtimeMs < oldestMs) await rm(part, { force: true });
  }
}

/** What is there of a small range, in one buffer: a stream from the disk would cost several times as much. */
async function readPiece(path: string, { start, end }: ByteRange): Promise<Buffer[]> {
  const file = await open(path).catch(absentAsNotFound);
  try {
    const bytes = Buffer.allocUnsafe(end - start + 1);
    let filled = 0;
    for (let more = 1; more > 0 && filled < bytes.length; filled += more)
      ({ bytesRead: more } = await file.read(bytes, filled, bytes.length - filled, start + filled));
    return filled === 0 ? [] : [bytes.subarray(0, filled)];
  } catch (error) {
    throw isFolder(error) ? notFound('file') : error;
  } finally {
    await file.close();
  }
}

/** Turns a key into a path. */
const locate = (root: string, key: string): string => path.join(root, ...needPlainKey(key).split('/'));

async function prepareRoot(root: string): Promise<void> {
  await mkdir(path.join(root, PARTS_FOLDER), { recursive: true });
  await syncAll([root, path.dirname(root)]);
}

async function writePart(part: string, content: FileContent): Promise<number> {
  const file = await open(part, 'wx');
  try {
    const bytes = await fill(file, content);
    await syncInTurn(() => file.sync());
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * A network delivers small chunks, and each write goes to another thread, so chunks are written together while the next
 * ones arrive. When the last byte of a large file arrives, the disk already has most of it, so that the sync at its end
 * is short.
 */
async function fill(file: FileHandle, content: FileContent): Promise<number> {
  let bytes = 0;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let unsyncedBytes = 0;
  let writing = Promise.resolve();
  let syncing = Promise.resolve();
  filesUnderWay += 1;
  try {
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      waiting.push(chunk);
      waitingBytes += chunk.byteLength;
      bytes += chunk.byteLength;
      if (waitingBytes < bytesAtOnce()) continue;
      await writing;
      writing = seen(writeTogether(file, waiting, waitingBytes));
      unsyncedBytes += waitingBytes;
      waiting = [];
      waitingBytes = 0;
      if (unsyncedBytes < SYNC_BYTES) continue;
      await syncing;
      syncing = seen(syncInTurn(() => file.datasync()));
      unsyncedBytes = 0;
    }
  } finally {
    // When this function has ended, in whichever way, nothing touches the file any more.
    await Promise.allSettled([writing, syncing]);
    filesUnderWay -= 1;
  }
  await Promise.all([writing, syncing]);
  await writeTogether(file, waiting, waitingBytes);
  return bytes;
}

let filesUnderWay = 0;

const bytesAtOnce = (): number =>
  Math.max(LEAST_WRITE_BYTES, Math.min(MOST_WRITE_BYTES, WRITE_BYTES_OF_ALL / filesUnderWay));

/** The promise is awaited later. Until then, its failure must not count as an unhandled rejection. */
function seen(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}

async function writeTogether(file: FileHandle, chunks: readonly Uint8Array[], total: number): Promise<void> {
  if (total === 0) return;
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten < total) await writeWhole(file, Buffer.concat(chunks).subarray(bytesWritten));
}

/** A write to a nearly full disk may take only a part of the chunk. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, offset);
    offset += bytesWritten;
  }
}

async function syncAndClose(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function closeAndThrow(file: FileHandle, error: unknown): Promise<never> {
  await file.close();
  throw error;
}

/**
 * The folders from the file's own up to the root. All of them are synced, also those that were there before: another
 * process may have made one a moment ago and not have synced it yet.
 */
function foldersAbove(root: string, target: string): string[] {
  const folders: string[] = [];
  for (let folder = path.dirname(target); folder.length >= root.length; folder = path.dirname(folder)) {
    folders.push(folder);
    if (folder === root) break;
  }
  return folders;
}

interface Tree {
  readonly root: string;
  /** The folders directly below the root that are known to survive a power cut. There are only a few. */
  readonly lasting: Set<string>;
}

/** The root is synced only when a folder directly below it may be new. */
async function syncFolders(
  { root, lasting }: Tree,
  folders: readonly string[],
  isFileInRoot: boolean,
): Promise<void> {
  const tops = folders.filter((folder) => path.dirname(folder) === root);
  const isKnown = !isFileInRoot && tops.every((top) => lasting.has(top));
  await syncAll(isKnown ? folders.filter((folder) => folder !== root) : folders);
  for (const top of tops) lasting.add(top);
}

/** One after another: an archive can bring more folders than a process may have open files. */
async function syncAll(paths: readonly string[]): Promise<void> {
  for (const one of paths) await syncAndClose(await open(one, 'r'));
}

async function* walk(folder: string, keyPrefix: string): AsyncGenerator<StoredFile> {
  const entries = await opendir(folder).catch(absentAsNull);
  if (entries === null) return;
  for await (const entry of entries) {
    if (keyPrefix === '' && entry.name === PARTS_FOLDER) continue;
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(child, `${keyPrefix}${entry.name}/`);
    else if (entry.isFile()) yield* measured(child, `${keyPrefix}${entry.name}`);
  }
}

/** Yields nothing if the file was removed after its folder was read. */
async function* measured(file: string, key: string): AsyncGenerator<StoredFile> {
  const found = await stat(file).catch(absentAsNull);
  if (found !== null) yield { key, bytes: found.size };
}

const rangeOptions = (range: ByteRange | undefined) =>
  range === undefined ? {} : { start: range.start, end: range.end };

function isAbsent(error: unknown): boolean {
  return isNativeError(error) && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

const isFolder = (error: unknown): boolean =>
  isNativeError(error) && 'code' in error && error.code === 'EISDIR';

function absentAsNull(error: unknown): null {
  if (isAbsent(error)) return null;
  throw error;
}

function absentAsNotFound(error: unknown): never {
  throw isAbsent(error) ? notFound('file') : error;
}
