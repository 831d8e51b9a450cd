import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Content } from '../../pipeline/system';
import { errorCode } from '../../../shared/files/error-code';
import { fileRevision } from './entries';
import { statsOf } from './root-folder';
import { temporaryName } from '../tree/temporary-names';

const asNewFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes a whole content to the disk, under a temporary name in the folder. Returns the path of the file. */
export async function writeTemporary(
  folder: string,
  content: Content,
  like: BigIntStats | null,
  signal: AbortSignal,
): Promise<string> {
  const path = join(folder, temporaryName());
  const handle = await open(path, asNewFile, 0o666);
  try {
    await fill(handle, content, signal);
    if (like !== null) await takeOverRights(handle, like);
    const { modifiedAt } = content;
    if (modifiedAt) await handle.utimes(new Date(), secondsOf(modifiedAt));
    await handle.sync();
    await handle.close();
    return path;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(path);
    throw error;
  }
}

/** Node.js cuts the microseconds off, and the nearest fraction may lie just below the millisecond. */
const secondsOf = (time: Date): number => (time.getTime() + 0.0005) / 1000;

/** This much is on its way to the disk at once, so that the sync at the end of a large file is short. */
const syncBytes = 32 * 1024 * 1024;

/** While a piece is written, the next one is read and hashed. When this has ended, nothing touches the file any more. */
async function fill(handle: FileHandle, content: Content, signal: AbortSignal): Promise<void> {
  let writing = Promise.resolve();
  let syncing = Promise.resolve();
  let unsyncedBytes = 0;
  try {
    for await (const bytes of await content.open(signal)) {
      signal.throwIfAborted();
      await writing;
      writing = awaitedLater(writeWhole(handle, bytes));
      unsyncedBytes += bytes.length;
      if (unsyncedBytes < syncBytes) continue;
      await syncing;
      syncing = awaitedLater(handle.datasync());
      unsyncedBytes = 0;
    }
  } finally {
    await Promise.allSettled([writing, syncing]);
  }
  await Promise.all([writing, syncing]);
}

/** Until it is awaited, its failure must not count as an unhandled rejection. */
function awaitedLater(work: Promise<void>): Promise<void> {
  work.catch(() => undefined);
  return work;
}

/** A write to a nearly full disk may take only a part. */
async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;)
    written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
}

/** Everyone who could read the file can also read its replacement. */
async function takeOverRights(handle: FileHandle, { mode, uid, gid }: BigIntStats): Promise<void> {
  await handle.chmod(Number(mode & 0o7777n));
  try {
    await handle.chown(Number(uid), Number(gid));
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}

/** Gives a file its name if nothing has it. Throws `EEXIST`. */
export async function publish(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!cannotLink.has(errorCode(error) ?? '')) throw error;
    await needFree(path);
    await rename(temporary, path);
    return;
  }
  await unlink(temporary);
}

/** Moves a file, if nothing has the name. Throws `EEXIST`. */
export async function moveFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return moveOnto(from, to, error);
    if (!cannotLink.has(code ?? '')) throw error;
    await needFree(to);
    await rename(from, to);
    return;
  }
  await unlink(from);
}

/**
 * The name belongs to the file itself: an earlier move was interrupted, or the file system ignores the case of names.
 */
async function moveOnto(from: string, to: string, taken: unknown): Promise<void> {
  const [source, target] = [await statsOf(from), await statsOf(to)];
  if (source === null || target === null || source.ino !== target.ino || source.dev !== target.dev)
    throw taken;
  if (source.nlink > 1n) await unlink(from);
  else await rename(from, to);
}

/** Moves a folder, if nothing has the name. Throws `EEXIST`. */
export async function moveFolder(from: string, to: string): Promise<void> {
  const [source, target] = [await statsOf(from), await statsOf(to)];
  const isItself = target !== null && source?.ino === target.ino && source.dev === target.dev;
  if (target !== null && !isItself) throw taken();
  await rename(from, to);
}

/** File systems without hard links report it with different errors. */
const cannotLink: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function needFree(path: string): Promise<void> {
  if ((await statsOf(path)) !== null) throw taken();
}

const taken = () => Object.assign(new Error('something else has that name'), { code: 'EEXIST' });

/**
 * Replaces a file that is unchanged. The old file keeps a second name until it is known that nobody has written to it
 * in the meantime; if somebody has, it is put back. False: the file was changed.
 */
export async function replace(temporary: string, path: string, revision: string): Promise<boolean> {
  const isAsItWas = async (one: string) => {
    const stats = await statsOf(one);
    return stats !== null && stats.isFile() && fileRevision(stats) === revision;
  };
  if (!(await isAsItWas(path))) return false;
  const old = join(dirname(temporary), temporaryName());
  const isKept = await keepSecondName(path, old);
  if (isKept && !(await isAsItWas(old))) {
    await unlink(old);
    return false;
  }
  await rename(temporary, path);
  if (!isKept) return true;
  if (await isAsItWas(old)) {
    await unlink(old);
    return true;
  }
  await rename(old, path);
  return false;
}

async function keepSecondName(path: string, second: string): Promise<boolean> {
  try {
    await link(path, second);
    return true;
  } catch (error) {
    if (cannotLink.has(errorCode(error) ?? '')) return false;
    throw error;
  }
}
