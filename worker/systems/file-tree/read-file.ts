import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';
import { folderOf, nameOf } from '../tree/tree-items';
import { fileRevision } from './entries';
import { isAbsence, troubleFrom } from './file-errors';
import type { RootFolder } from './root-folder';

/** If someone has put a pipe in its place, opening it does not block. */
const toRead = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const pieceBytes = 256 * 1024;

/**
 * The bytes of a file. Throws `unavailable` if the file is not as it was listed, also if that is only so at its end.
 */
export async function readFile(
  root: RootFolder,
  entry: PathEntry,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const handle = await opened(root, entry);
  try {
    // A file of one piece is compared after it was read, and before anybody gets its bytes.
    if (entry.size > pieceBytes) await needSame(handle, entry);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return bytesOf(handle, entry, signal);
}

async function opened(root: RootFolder, { path }: PathEntry): Promise<FileHandle> {
  try {
    return await root.within(folderOf(path), (folder) => open(join(folder, nameOf(path)), toRead));
  } catch (error) {
    if (isAbsence(error)) throw new Trouble('unavailable', `${path} is no longer there`);
    throw troubleFrom(error, `the file ${path} cannot be read`);
  }
}

/** While a piece is used, the next one is read. */
async function* bytesOf(
  handle: FileHandle,
  entry: PathEntry,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let next = readAhead(handle, entry, entry.size);
  try {
    for (let left = entry.size; left > 0;) {
      signal.throwIfAborted();
      const piece = await next;
      left -= piece.length;
      next = readAhead(handle, entry, left);
      if (left === 0) await needSame(handle, entry);
      yield piece;
    }
    if (entry.size === 0) await needSame(handle, entry);
  } catch (error) {
    throw troubleFrom(error, `the file ${entry.path} cannot be read`);
  } finally {
    // Whoever stops early leaves a piece that is being read.
    await next.catch(() => undefined);
    await handle.close();
  }
}

/** An error is thrown when the piece is used. */
function readAhead(handle: FileHandle, entry: PathEntry, left: number): Promise<Uint8Array> {
  const piece = readPiece(handle, entry, left);
  piece.catch(() => undefined);
  return piece;
}

/** Nothing is read if nothing is left. */
async function readPiece(handle: FileHandle, entry: PathEntry, left: number): Promise<Uint8Array> {
  if (left === 0) return new Uint8Array();
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(Math.min(left, pieceBytes)));
  if (bytesRead === 0) throw changed(entry);
  return buffer.subarray(0, bytesRead);
}

async function needSame(handle: FileHandle, entry: PathEntry): Promise<void> {
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile() || fileRevision(stats) !== entry.revision) throw changed(entry);
}

const changed = ({ path }: PathEntry) =>
  new Trouble('unavailable', `${path} was changed while it was read: it is read again later`);
