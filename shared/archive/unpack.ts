import pLimit from 'p-limit';
import type { FileStore, WriteBatch } from '../files/file-store';
import type { ArchiveArrival } from './archive-arrival';
import { type ArchiveBytes, archiveBytesOf, heldArchive } from './archive-bytes';
import { entryContent, isSmall, smallContent } from './entry-content';
import { generousLimits, readable, type ReadableEntry } from './read-archive';
import {
  type ArchiveEntry,
  readZipDirectory,
  refused,
  type UnpackLimits,
  type ZipDirectory,
} from './zip-directory';

export type { UnpackLimits } from './zip-directory';

interface Unpacking {
  /** Began when the archive's first byte came. */
  readonly batch?: WriteBatch;
  /** Has seen the whole archive. */
  readonly arrival?: Pick<ArchiveArrival, 'crc32Of'>;
  /** The archive itself, if it is small enough to be in memory. */
  readonly held?: Buffer | null;
  /** Whether the file will be read. Absent: all files are read. */
  readonly isRead?: (name: string) => boolean;
}

/** `isUnpacked`: the entry has a file of its own below the prefix. */
export interface UnpackedFile extends ReadableEntry {
  readonly isUnpacked: boolean;
}

/** More would not be faster on two cores, and would take threads away from other work. */
const ENTRIES_AT_ONCE = 2;
/**
 * The limit for all archives together. Each entry has buffers, which would fill most of the memory with twenty uploads
 * at once.
 */
const inTurn = pLimit(2 * ENTRIES_AT_ONCE);

/**
 * Unpacks an archive of the file store to below `targetPrefix` of the same store, which must be this archive's alone.
 * An entry that is stored without compression is only checked and stays in the archive, so that photos are written
 * once. A small entry stays there as well, because unpacking it again costs less than a file of its own. A file that
 * nothing will read is only checked as well. `unpackedFiles` reads all of them. Returns the sum of the entries' sizes.
 *
 * Memory does not grow with the archive. When it resolves, everything in `batch` is durable (the archive too, where the
 * batch began with it); when it rejects, nothing is left below `targetPrefix`. Nothing is ever written elsewhere.
 *
 * Rejects with `not-a-zip`, with `bad-archive` (its detail names the entry and the reason), or with the store's own
 * error, which is not the archive's fault.
 */
export async function unpackArchive(
  store: FileStore,
  { archiveKey, targetPrefix }: { readonly archiveKey: string; readonly targetPrefix: string },
  limits: UnpackLimits,
  { batch = store.startBatch(), arrival, held = null, isRead = () => true }: Unpacking = {},
): Promise<{ unpackedBytes: number }> {
  const archive = held === null ? await archiveBytesOf(store, archiveKey) : heldArchive(held);
  const directory = await readZipDirectory(archive, limits);
  try {
    await forEachAtOnce(largestFirst(directory.entries), (entry, stop) => {
      if (held !== null && isSmall(entry)) return checkSmall(archive, directory, entry);
      return inTurn(async () => {
        const dataStart = await directory.dataStart(entry);
        const content = () => untilStopped(entryContent(archive, entry, dataStart), stop);
        if (isStored(entry))
          await checkStored(entry, arrival?.crc32Of(dataStart, entry.packedBytes), content);
        else if (!staysInArchive(entry) && isRead(entry.name))
          await batch.write(`${targetPrefix}/${entry.name}`, content());
        else await readToEnd(content());
      });
    });
    await batch.commit();
    return { unpackedBytes: directory.entries.reduce((sum, entry) => sum + entry.unpackedBytes, 0) };
  } catch (error) {
    // Should this fail as well, the first failure is what the caller must see; it removes the whole upload.
    await store.remove(targetPrefix).catch(() => undefined);
    throw error;
  }
}

/**
 * The files of an archive that `unpackArchive` has unpacked to below `targetPrefix`, in the archive's order. A file
 * that is missing or incomplete is unpacked again while it is read, because a backup only contains the archive. Rejects
 * with `not-found` without the archive.
 */
export async function unpackedFiles(
  store: Pick<FileStore, 'stat' | 'read' | 'list'>,
  archiveKey: string,
  targetPrefix: string,
): Promise<UnpackedFile[]> {
  const archive = await archiveBytesOf(store, archiveKey);
  const directory = await readZipDirectory(archive, generousLimits);
  const unpacked = new Map<string, number>();
  if (!directory.entries.every(staysInArchive))
    for await (const { key, bytes } of store.list(targetPrefix)) unpacked.set(key, bytes);
  return directory.entries.map((entry) => {
    const key = `${targetPrefix}/${entry.name}`;
    const isUnpacked = !isStored(entry) && unpacked.get(key) === entry.unpackedBytes;
    const packed = readable(archive, directory, entry);
    return isUnpacked ? { ...packed, open: () => store.read(key), isUnpacked } : { ...packed, isUnpacked };
  });
}

const isStored = (entry: ArchiveEntry): boolean => entry.method === 'stored';

const staysInArchive = (entry: ArchiveEntry): boolean => isStored(entry) || isSmall(entry);

/**
 * Large entries first, so that no lane is left with one at the end. Small entries in the order of their position, block
 * by block.
 */
function largestFirst(entries: readonly ArchiveEntry[]): ArchiveEntry[] {
  const blocks = (entry: ArchiveEntry) => Math.floor(entry.packedBytes / (256 * 1024));
  return [...entries].sort((a, b) => blocks(b) - blocks(a) || a.headerStart - b.headerStart);
}

/** Rejects with the first failure, when all lanes have stopped: nobody writes any more while the caller cleans up. */
async function forEachAtOnce(
  entries: readonly ArchiveEntry[],
  work: (entry: ArchiveEntry, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const queue = entries.values();
  const lane = async () => {
    try {
      for (const entry of queue) {
        stop.signal.throwIfAborted();
        await work(entry, stop.signal);
      }
    } catch (error) {
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: ENTRIES_AT_ONCE }, lane));
  stop.signal.throwIfAborted();
}

async function* untilStopped(content: AsyncGenerator<Buffer>, stop: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    stop.throwIfAborted();
    yield chunk;
  }
}

/** An entry of an archive in memory. It waits for no other archive, because it needs no buffers. */
async function checkSmall(
  archive: ArchiveBytes,
  directory: ZipDirectory,
  entry: ArchiveEntry,
): Promise<void> {
  await smallContent(archive, entry, await directory.dataStart(entry));
}

/** An entry whose CRC was not learnt during the upload is read and checked. */
async function checkStored(
  entry: ArchiveEntry,
  crc32: number | null | undefined,
  content: () => AsyncGenerator<Buffer>,
): Promise<void> {
  if (crc32 === null || crc32 === undefined) await readToEnd(content());
  else if (crc32 !== entry.crc32) throw refused(entry.name, 'bad CRC');
}

/** Content is checked while it is read. */
async function readToEnd(content: AsyncGenerator<Buffer>): Promise<void> {
  while ((await content.next()).done !== true);
}
