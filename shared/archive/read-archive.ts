import path from 'node:path';
import { Readable } from 'node:stream';
import { createLocalFiles } from '../files/open-file-store';
import { archiveBytesOf, type ArchiveBytes } from './archive-bytes';
import { entryContent, isSmall, smallContent } from './entry-content';
import { readZipDirectory, type ArchiveEntry, type UnpackLimits, type ZipDirectory } from './zip-directory';

export interface ReadableEntry {
  /** `/`-separated, relative, safe to use as a path below a folder. */
  readonly name: string;
  readonly bytes: number;
  /** The content. If it is unpacked while it is read, it fails with `bad-archive` at its end if the CRC differs. */
  open(): Promise<Readable>;
  /** The whole content, for an entry that is known to be small. */
  read(): Promise<Buffer>;
  /**
   * The entry as it is packed. Null: that is more than `mostBytes`. Only an archive that was checked before may be read so,
   * because nothing is unpacked, and no CRC is checked.
   */
  readPacked(mostBytes: number): Promise<PackedContent | null>;
}

/** Two entries that are equal in both have the same content. */
export interface PackedContent {
  readonly method: 'stored' | 'deflated';
  readonly bytes: Buffer;
}

/** For an archive whose sender is trusted: a package of readings may well shrink a thousandfold. */
export const generousLimits: UnpackLimits = {
  maxEntries: Infinity,
  maxUnpackedBytes: Infinity,
  maxRatio: Infinity,
  maxArchiveRatio: Infinity,
};

/**
 * The files in a local archive, in its order; its whole directory is checked before the first. Throws as
 * `unpackArchive` does.
 */
export async function* readArchive(
  file: string,
  limits: UnpackLimits = generousLimits,
): AsyncGenerator<ReadableEntry> {
  const { dir, base } = path.parse(path.resolve(file));
  const archive = await archiveBytesOf(createLocalFiles(dir), base);
  const directory = await readZipDirectory(archive, limits);
  for (const entry of directory.entries) {
    yield readable(archive, directory, entry);
  }
}

/** One entry of an archive. */
export const readable = (
  archive: ArchiveBytes,
  directory: ZipDirectory,
  entry: ArchiveEntry,
): ReadableEntry => ({
  name: entry.name,
  bytes: entry.unpackedBytes,
  open: async () => Readable.from(await contentOf(archive, directory, entry), { objectMode: false }),
  read: async () => {
    if (isSmall(entry)) return smallContent(archive, entry, await directory.dataStart(entry));
    const chunks: Buffer[] = [];
    for await (const chunk of await contentOf(archive, directory, entry)) chunks.push(chunk);
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  },
  readPacked: async (mostBytes) => {
    const { method, packedBytes } = entry;
    if (packedBytes > mostBytes) return null;
    return { method, bytes: await archive.read(await directory.dataStart(entry), packedBytes) };
  },
});

const contentOf = async (archive: ArchiveBytes, directory: ZipDirectory, entry: ArchiveEntry) =>
  entryContent(archive, entry, await directory.dataStart(entry));
