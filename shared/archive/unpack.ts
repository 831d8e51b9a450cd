import pLimit from 'p-limit';
import type { FileStore, WriteBatch } from '../files/file-store';
import { archiveBytesOf, type ArchiveBytes } from './archive-bytes';
import { entryContent } from './entry-content';
import { readZipDirectory, type ArchiveEntry, type UnpackLimits, type ZipDirectory } from './zip-directory';

export type { UnpackLimits } from './zip-directory';

export interface UnpackedEntry {
  /** `/`-separated, relative, as in the archive. */
  readonly name: string;
  /** Where it lies in the file store. */
  readonly key: string;
  readonly bytes: number;
}

export interface Unpacked {
  /** The files, in the archive's order; folders are left out. */
  readonly entries: readonly UnpackedEntry[];
  readonly unpackedBytes: number;
}

/** More pay nothing on two cores, and would take the event loop's threads from everyone else. */
const ENTRIES_AT_ONCE = 2;
/** Of all archives together: each holds buffers, and with twenty uploads at once they would be most of our memory. */
const inTurn = pLimit(2 * ENTRIES_AT_ONCE);

/**
 * Unpacks an archive of the file store to below `targetPrefix` of the same store, which must be this archive's alone.
 * Memory does not grow with the archive. When it resolves, everything in `batch` is durable (the archive too, where
 * the batch began with it); when it rejects, nothing is left below `targetPrefix`. Nothing is ever written elsewhere.
 *
 * Rejects with `not-a-zip`, with `bad-archive` (its detail names the entry and the reason), or with the store's own
 * error, which is not the archive's fault.
 */
export async function unpackArchive(
  store: FileStore,
  archiveKey: string,
  targetPrefix: string,
  limits: UnpackLimits,
  batch: WriteBatch = store.startBatch(),
): Promise<Unpacked> {
  const archive = await archiveBytesOf(store, archiveKey);
  const directory = await readZipDirectory(archive, limits);
  try {
    const entries = directory.entries.map((entry) => unpackedEntry(entry, targetPrefix));
    await writeEntries(archive, directory, batch, targetPrefix);
    return { entries, unpackedBytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  } catch (error) {
    // Should this fail as well, the first failure is what the caller must see; it removes the whole upload.
    await store.remove(targetPrefix).catch(() => undefined);
    throw error;
  }
}

const unpackedEntry = (entry: ArchiveEntry, targetPrefix: string): UnpackedEntry => ({
  name: entry.name,
  key: `${targetPrefix}/${entry.name}`,
  bytes: entry.unpackedBytes,
});

async function writeEntries(
  archive: ArchiveBytes,
  directory: ZipDirectory,
  batch: WriteBatch,
  targetPrefix: string,
): Promise<void> {
  await forEachAtOnce(largestFirst(directory.entries), async (entry, stop) => {
    await inTurn(async () => {
      const dataStart = await directory.dataStart(entry);
      const content = untilStopped(entryContent(archive, entry, dataStart), stop);
      await batch.write(`${targetPrefix}/${entry.name}`, content);
    });
  });
  await batch.commit();
}

/** The large ones first, so that no lane is left alone with one at the end; the small ones as they lie, by blocks. */
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
