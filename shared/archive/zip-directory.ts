import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import * as yauzl from 'yauzl';
import { AppError } from '../errors/app-error';
import { badArchive, notAZip } from '../errors/catalog';
import type { ArchiveBytes } from './archive-bytes';
import {
  contradictEachOther,
  describesDirectory,
  END_RECORD_BYTES,
  type EndOfArchive,
  type EndRecords,
  findEndOfArchive,
  readEndRecords,
} from './end-records';
import { createNameSet, MAX_NAME_BYTES, nameProblem } from './entry-name';

// The door to yauzl: it reads the directory at the archive's end and the header before each entry. This file adds
// checks that yauzl does not make, and translates its errors into the words of the protocol.

export interface UnpackLimits {
  /** Folders count. */
  readonly maxEntries: number;
  readonly maxUnpackedBytes: number;
  /** Unpacked bytes to packed ones, for an entry of more than 1 MiB unpacked. */
  readonly maxRatio: number;
  /** Unpacked bytes to the archive's own, for an archive of more than 16 MiB unpacked. */
  readonly maxArchiveRatio: number;
}

/** A file in the archive, as its directory declares it: what is unpacked must agree to the byte. */
export interface ArchiveEntry {
  /** `/`-separated, relative, safe to use as a path below a folder. */
  readonly name: string;
  readonly rawName: Buffer;
  readonly method: 'stored' | 'deflated';
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly crc32: number;
  readonly headerStart: number;
  /** Where the next entry, or the directory, begins: this entry's bytes end before it. */
  readonly roomEnd: number;
}

export interface ZipDirectory {
  /** The files, in the archive's order; folders are left out. */
  readonly entries: readonly ArchiveEntry[];
  /** Reads the header before the entry's data, compares it with the directory, and gives where the data starts. */
  dataStart(entry: ArchiveEntry): Promise<number>;
}

/**
 * Reads and checks the whole directory before anything is unpacked. Rejects with `not-a-zip`, or with `bad-archive`
 * whose detail names the entry and the reason. APPNOTE.TXT 6.3 is the format's specification.
 */
export async function readZipDirectory(archive: ArchiveBytes, limits: UnpackLimits): Promise<ZipDirectory> {
  const end = await findEndOfArchive(archive);
  const zip = await openZip(archive, end);
  const records = await readEndRecords(archive, end.size - END_RECORD_BYTES - zip.comment.length);
  if (contradictEachOther(records)) throw badArchive(null, 'its end records contradict each other');
  if (zip.entryCount > limits.maxEntries)
    throw badArchive(null, `too many entries (more than ${limits.maxEntries})`);
  const directoryStart = cursorOf(zip);
  const declared = await declaredEntries(zip);
  checkDirectoryEnd(zip, directoryStart, records);
  const entries = withRoom(declared, directoryStart);
  const files = entries.filter((entry) => !isFolder(entry.name));
  checkSizes(files, archive.size, limits);
  // A folder is never opened, so its header is compared now: one changed byte turns the name of an empty file into a
  // folder.
  for (const entry of entries) if (isFolder(entry.name)) await readDataStart(zip, entry);
  return {
    entries: files,
    dataStart: (entry) => readDataStart(zip, entry),
  };
}

/** An error whose detail names the entry, whatever is in its name. */
export const refused = (entryName: string, reason: string): AppError =>
  badArchive(entryName.length > 200 ? `${entryName.slice(0, 200)}…` : entryName, reason);

async function openZip(archive: ArchiveBytes, end: EndOfArchive): Promise<yauzl.ZipFile> {
  try {
    // Names and sizes are judged here, not by yauzl, so that a refusal can name its entry.
    const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
    return await yauzl.fromRandomAccessReaderPromise(new ArchiveReader(archive), end.size, options);
  } catch (error) {
    const other = isMissingEnd(error) ? whatElseItIs(await archive.read(0, 4)) : null;
    throw other === null ? translated(error, null) : notAZip(other);
  }
}

/** Null: it begins like a zip archive. */
function whatElseItIs(start: Buffer): string | null {
  if (['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'].includes(start.toString('latin1'))) return null;
  // Source: RFC 1952, 2.3.1.
  if (start[0] === 0x1f && start[1] === 0x8b)
    return 'The archive is a gzip file, not a zip file. Send a zip archive, without gzip around it.';
  return 'The archive is not a zip file.';
}

type DeclaredEntry = Omit<ArchiveEntry, 'roomEnd'>;

async function declaredEntries(zip: yauzl.ZipFile): Promise<DeclaredEntry[]> {
  const names = createNameSet();
  const declared: DeclaredEntry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const checked = declaredEntry(entry);
      const clash = names.add(checked.name);
      if (clash !== null) throw refused(checked.name, clash);
      declared.push(checked);
    }
  } catch (error) {
    throw translated(error, null, `entry ${declared.length + 1} of its directory: `);
  }
  return declared;
}

/** Keeps only what is needed: an entry of yauzl holds up to 192 KB of extra fields and comments. */
function declaredEntry(entry: yauzl.Entry): DeclaredEntry {
  const rawName = Buffer.from(entry.fileNameRaw);
  const name = decodeName(entry, rawName);
  const problem = rawName.length > MAX_NAME_BYTES ? 'a name that is too long' : nameProblem(name);
  if (problem !== null) throw refused(name, problem);
  if (hasControlBytes(rawName)) throw refused(name, 'a control character in its name');
  checkKind(entry, name);
  return {
    name,
    rawName,
    method: methodOf(entry, name),
    packedBytes: entry.compressedSize,
    unpackedBytes: entry.uncompressedSize,
    crc32: entry.crc32,
    headerStart: entry.relativeOffsetOfLocalHeader,
  };
}

/**
 * A name without the UTF-8 flag is in cp437 by the specification, but many programs write UTF-8 and forget the flag:
 * what is valid UTF-8 is taken as that. An Info-ZIP Unicode field wins over both.
 */
function decodeName(entry: yauzl.Entry, rawName: Buffer): string {
  const flags = isUtf8(rawName) ? entry.generalPurposeBitFlag | UTF8_FLAG : entry.generalPurposeBitFlag;
  return yauzl.getFileNameLowLevel(flags, rawName, entry.extraFields, false);
}

/** cp437 has smileys where ASCII has control characters, so the decoded name would not show them. */
const hasControlBytes = (rawName: Buffer): boolean => rawName.some((byte) => byte < 0x20 || byte === 0x7f);

function checkKind(entry: yauzl.Entry, name: string): void {
  if ((entry.generalPurposeBitFlag & (ENCRYPTED_FLAG | HIDDEN_HEADERS_FLAG)) !== 0)
    throw refused(name, 'encrypted');
  const fileType = (entry.externalFileAttributes >>> 16) & UNIX_FILE_TYPE;
  if (fileType === UNIX_SYMBOLIC_LINK) throw refused(name, 'a symbolic link');
  const expected = isFolder(name) ? [0, UNIX_FOLDER, UNIX_REGULAR_FILE] : [0, UNIX_REGULAR_FILE];
  if (!expected.includes(fileType)) throw refused(name, 'neither a file nor a folder');
  if (isFolder(name) && entry.uncompressedSize !== 0) throw refused(name, 'a folder with content');
}

function methodOf(entry: yauzl.Entry, name: string): ArchiveEntry['method'] {
  if (entry.compressionMethod === 8) return 'deflated';
  if (entry.compressionMethod !== 0)
    throw refused(name, `unsupported compression method ${entry.compressionMethod}`);
  if (entry.compressedSize !== entry.uncompressedSize) throw refused(name, 'stored with two different sizes');
  return 'stored';
}

/**
 * The directory must end where the end records begin and match them. Otherwise its count or its position is wrong, and
 * files would be left out silently.
 */
function checkDirectoryEnd(zip: yauzl.ZipFile, directoryStart: number, records: EndRecords): void {
  const directoryEnd = cursorOf(zip);
  const found = { entries: zip.entriesRead, start: directoryStart, bytes: directoryEnd - directoryStart };
  if (directoryEnd !== records.start || !describesDirectory(records, found))
    throw badArchive(null, 'its directory is not what its end says: damaged or truncated');
}

/** yauzl's types call it a boolean; it is the position of the next entry in the directory. */
const cursorOf = (zip: yauzl.ZipFile): number => Number(zip.readEntryCursor);

/**
 * No byte may belong to two entries (the bombs of David Fifield, "A better zip bomb", are made so). Each entry's room
 * ends where the next begins; that it keeps within is checked here as far as the directory tells, and when its header
 * is read.
 */
function withRoom(declared: readonly DeclaredEntry[], directoryStart: number): ArchiveEntry[] {
  const inPlace = [...declared].sort((a, b) => a.headerStart - b.headerStart);
  const roomEnds = new Map<DeclaredEntry, number>();
  inPlace.forEach((entry, index) => {
    const next = inPlace[index + 1];
    const roomEnd = next?.headerStart ?? directoryStart;
    const leastEnd = entry.headerStart + LOCAL_HEADER_BYTES + entry.rawName.length + entry.packedBytes;
    if (leastEnd > roomEnd) throw noRoom(entry, leastEnd > directoryStart);
    roomEnds.set(entry, roomEnd);
  });
  return declared.map((entry) => ({ ...entry, roomEnd: roomEnds.get(entry) ?? directoryStart }));
}

const noRoom = (entry: DeclaredEntry, leavesTheData: boolean): AppError =>
  refused(
    entry.name,
    leavesTheData ? 'truncated: its data would end beyond all data' : 'overlapping entries',
  );

/** The declared sizes are limited here, and the unpacked content must match them exactly. So both are limited. */
function checkSizes(files: readonly ArchiveEntry[], archiveBytes: number, limits: UnpackLimits): void {
  let unpackedBytes = 0;
  for (const file of files) {
    unpackedBytes += file.unpackedBytes;
    if (unpackedBytes > limits.maxUnpackedBytes) {
      throw refused(
        file.name,
        `too large unpacked (the archive has more than ${limits.maxUnpackedBytes} bytes)`,
      );
    }
    if (file.unpackedBytes > RATIO_FROM_BYTES && file.unpackedBytes > file.packedBytes * limits.maxRatio) {
      throw refused(file.name, `compression ratio too high (more than ${limits.maxRatio})`);
    }
  }
  // Thousands of small entries make a bomb of which none is large by itself.
  if (unpackedBytes > ARCHIVE_RATIO_FROM_BYTES && unpackedBytes > archiveBytes * limits.maxArchiveRatio)
    throw badArchive(
      null,
      `compression ratio of the whole archive too high (more than ${limits.maxArchiveRatio})`,
    );
}

async function readDataStart(zip: yauzl.ZipFile, entry: ArchiveEntry): Promise<number> {
  const header = await readLocalHeader(zip, entry);
  checkLocalHeader(header, entry);
  if (header.fileDataStart + entry.packedBytes > entry.roomEnd)
    throw refused(entry.name, 'overlapping entries');
  return header.fileDataStart;
}

async function readLocalHeader(zip: yauzl.ZipFile, entry: ArchiveEntry): Promise<yauzl.LocalFileHeader> {
  // yauzl asks for no more of an entry than these two.
  const place = new yauzl.Entry();
  place.relativeOffsetOfLocalHeader = entry.headerStart;
  place.compressedSize = entry.packedBytes;
  try {
    return await zip.readLocalFileHeaderPromise(place);
  } catch (error) {
    throw translated(error, entry.name);
  }
}

/**
 * If the two headers differ, another reader would see another file: the archive is hostile or damaged. Where the sizes
 * follow the data, nobody knew them yet when this header was written: then the directory counts, and the content's CRC
 * decides. Source: APPNOTE.TXT, 4.4.4, bit 3.
 */
function checkLocalHeader(header: yauzl.LocalFileHeader, entry: ArchiveEntry): void {
  if ((header.generalPurposeBitFlag & ENCRYPTED_FLAG) !== 0) throw refused(entry.name, 'encrypted');
  const agrees =
    withSlashes(header.fileName).equals(withSlashes(entry.rawName)) &&
    header.compressionMethod === (entry.method === 'deflated' ? 8 : 0) &&
    ((header.generalPurposeBitFlag & SIZES_FOLLOW_FLAG) !== 0 || saysTheSame(header, entry));
  if (!agrees) throw refused(entry.name, 'its header disagrees with the directory');
}

/** Some programs write `\\` in one of the two headers and `/` in the other. */
function withSlashes(rawName: Buffer): Buffer {
  if (!rawName.includes(BACKSLASH)) return rawName;
  return Buffer.from(rawName.map((byte) => (byte === BACKSLASH ? SLASH : byte)));
}

function saysTheSame(header: yauzl.LocalFileHeader, entry: ArchiveEntry): boolean {
  const { packedBytes, unpackedBytes } = localSizes(header, entry.name);
  return (
    header.crc32 === entry.crc32 &&
    (packedBytes ?? entry.packedBytes) === entry.packedBytes &&
    (unpackedBytes ?? entry.unpackedBytes) === entry.unpackedBytes
  );
}

/**
 * Zip64 has both sizes in an extra field, the unpacked one first, and marks in their places. A field that is too short for
 * both holds the first that is marked; the other is said by the directory alone, and null. Source: APPNOTE.TXT, 4.5.3.
 */
function localSizes(
  { compressedSize, uncompressedSize, extraField }: yauzl.LocalFileHeader,
  name: string,
): { readonly packedBytes: number | null; readonly unpackedBytes: number | null } {
  const isMarked = compressedSize === ZIP64_MARK || uncompressedSize === ZIP64_MARK;
  const sizes = isMarked ? zip64Sizes(extraField, name) : null;
  const sizeOf = (size: number, place: 0 | 8) => {
    if (size !== ZIP64_MARK || sizes === null) return size;
    const at = sizes.length < 16 && uncompressedSize !== ZIP64_MARK ? 0 : place;
    return at + 8 <= sizes.length ? Number(sizes.readBigUInt64LE(at)) : null;
  };
  return { packedBytes: sizeOf(compressedSize, 8), unpackedBytes: sizeOf(uncompressedSize, 0) };
}

function zip64Sizes(extraField: Buffer, name: string): Buffer | null {
  try {
    return yauzl.parseExtraFields(extraField).find(({ id }) => id === ZIP64_FIELD)?.data ?? null;
  } catch (error) {
    throw translated(error, name);
  }
}

/** yauzl reads through the blocks that are kept in memory. */
class ArchiveReader extends yauzl.RandomAccessReader {
  constructor(private readonly archive: ArchiveBytes) {
    super();
  }

  // eslint-disable-next-line max-params -- yauzl calls it so.
  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    const held = this.archive.readFromMemory(position, length);
    if (held !== null) {
      held.copy(buffer, offset);
      callback(held.length < length ? new Error('unexpected EOF') : null);
      return;
    }
    this.archive.read(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset);
        callback(bytes.length < length ? new Error('unexpected EOF') : null);
      },
      (error: unknown) => callback(new ArchiveUnreadable(error)),
    );
  }

  override _readStreamForRange(): Readable {
    throw new Error('yauzl is asked for headers only');
  }
}

/** A failure of the store on its way through yauzl: not the archive's fault, so never told as such. */
class ArchiveUnreadable extends Error {
  constructor(override readonly cause: unknown) {
    super('the archive could not be read');
  }
}

/** Turns a complaint of yauzl into a refusal; other errors are given back as they are. */
function translated(error: unknown, entryName: string | null, where = ''): unknown {
  if (error instanceof ArchiveUnreadable) return error.cause;
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const reason = where + reasonOf(error.message);
  return entryName === null ? badArchive(null, reason) : refused(entryName, reason);
}

const isMissingEnd = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('End of central directory record signature not found');

/** yauzl has no codes for its errors, only these texts. */
const reasons: readonly (readonly [string, string])[] = [
  ['End of central directory record signature not found', 'truncated: its directory is missing'],
  ['Invalid comment length', 'truncated, or followed by other bytes'],
  ['multi-disk zip files', 'one part of an archive in several parts'],
  ['strong encryption', 'encrypted'],
  ['unexpected EOF', 'truncated'],
  ['file data overflows file bounds', 'truncated: its data would end beyond the archive'],
  ['invalid local file header signature', 'no entry where the directory says'],
  ['invalid central directory file header', 'the directory is damaged'],
  ['zip64', 'a damaged zip64 field'],
  ['extra field length', 'a damaged extra field'],
];

const reasonOf = (message: string): string =>
  reasons.find(([text]) => message.includes(text))?.[1] ?? 'damaged';

const isFolder = (name: string): boolean => name.endsWith('/');

const RATIO_FROM_BYTES = 1024 * 1024;
const ARCHIVE_RATIO_FROM_BYTES = 16 * 1024 * 1024;
const LOCAL_HEADER_BYTES = 30;
const ENCRYPTED_FLAG = 0x1;
const SIZES_FOLLOW_FLAG = 0x8;
const UTF8_FLAG = 0x800;
const HIDDEN_HEADERS_FLAG = 0x2000;
const ZIP64_MARK = 0xffffffff;
const BACKSLASH = 0x5c;
const SLASH = 0x2f;
const ZIP64_FIELD = 0x0001;
const UNIX_FILE_TYPE = 0o170000;
const UNIX_REGULAR_FILE = 0o100000;
const UNIX_FOLDER = 0o040000;
const UNIX_SYMBOLIC_LINK = 0o120000;
