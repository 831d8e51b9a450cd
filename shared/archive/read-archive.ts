import path from 'node:path';
import { Readable } from 'node:stream';
import { createDiskFileStore } from '../files/disk-file-store';
import { archiveBytesOf, type ArchiveBytes } from './archive-bytes';
import { entryContent } from './entry-content';
import { readZipDirectory, type ArchiveEntry, type UnpackLimits, type ZipDirectory } from './zip-directory';

export interface ReadableEntry {
  /** `/`-separated, relative, safe to use as a path below a folder. */
  readonly name: string;
  readonly bytes: number;
  /** The content. What is unpacked as it is read fails with `bad-archive` at its end where the CRC is another. */
  open(): Promise<Readable>;
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
  const archive = await archiveBytesOf(createDiskFileStore(dir), base);
  const directory = await readZipDirectory(archive, limits);
  for (const entry of directory.entries) {
    yield { name: entry.name, bytes: entry.unpackedBytes, open: () => openEntry(archive, directory, entry) };
  }
}

/** One entry of an archive, as a stream. */
export async function openEntry(
  archive: ArchiveBytes,
  directory: ZipDirectory,
  entry: ArchiveEntry,
): Promise<Readable> {
  const dataStart = await directory.dataStart(entry);
  return Readable.from(entryContent(archive, entry, dataStart), { objectMode: false });
}
