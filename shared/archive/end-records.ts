import type { ArchiveBytes } from './archive-bytes';

/** The end of an archive. */
export interface EndOfArchive {
  /** The number of bytes up to the end. Padding of the last block comes after it. */
  readonly size: number;
}

/** The records behind the directory, which say where it is. Source: APPNOTE.TXT 6.3, 4.3.14 to 4.3.16. */
export interface EndRecords {
  /** Where the first of them begins. */
  readonly start: number;
  readonly end: SaidOfDirectory;
  readonly zip64: SaidOfDirectory | null;
}

interface SaidOfDirectory {
  readonly entriesOnThisDisk: number;
  readonly entries: number;
  readonly bytes: number;
  readonly start: number;
}

export const END_RECORD_BYTES = 22;

/**
 * Programs that write to tapes and pipes fill their last block with zeros. A reader that looks for the end record from
 * the end would take the zeros for an unannounced comment. If anything else follows, or the length is not whole blocks,
 * everything counts as part of the archive.
 */
export async function findEndOfArchive(archive: ArchiveBytes): Promise<EndOfArchive> {
  if (archive.size % BLOCK_BYTES !== 0) return { size: archive.size };
  const contentEnd = await endWithoutZeros(archive);
  const from = Math.max(0, contentEnd - END_RECORD_BYTES - MAX_COMMENT_BYTES);
  // The record itself may end in zeros.
  const tail = await archive.read(from, contentEnd - from + END_RECORD_BYTES);
  const at = tail.subarray(0, contentEnd - from).lastIndexOf(END_RECORD);
  if (at === -1 || at + END_RECORD_BYTES > tail.length) return { size: archive.size };
  const end = from + at + END_RECORD_BYTES + tail.readUInt16LE(at + 20);
  return { size: end >= contentEnd && end <= archive.size ? end : archive.size };
}

async function endWithoutZeros(archive: ArchiveBytes): Promise<number> {
  const lowest = Math.max(0, archive.size - MAX_PADDING_BYTES);
  for (let end = archive.size; end > lowest; end -= PIECE_BYTES) {
    const from = Math.max(lowest, end - PIECE_BYTES);
    const piece = await archive.read(from, end - from);
    for (let last = piece.length - 1; last >= 0; last -= 1) if (piece[last] !== 0) return from + last + 1;
  }
  return archive.size;
}

/** `start`: where the end record is. A zip64 record before it is read where its locator says that there is one. */
export async function readEndRecords(archive: ArchiveBytes, start: number): Promise<EndRecords> {
  const record = await archive.read(start, END_RECORD_BYTES);
  const locatorStart = start - LOCATOR_BYTES;
  const locator = locatorStart < 0 ? Buffer.alloc(0) : await archive.read(locatorStart, LOCATOR_BYTES);
  if (!locator.subarray(0, 4).equals(LOCATOR)) return { start, end: saidByEnd(record), zip64: null };
  const zip64Start = Number(locator.readBigUInt64LE(8));
  const zip64 = saidByZip64(await archive.read(zip64Start, ZIP64_RECORD_BYTES));
  return { start: zip64Start, end: saidByEnd(record), zip64 };
}

/**
 * A zip64 value is only used where the end record has all bits set. Values that the end record does contain must be the
 * same.
 */
export const contradictEachOther = ({ end, zip64 }: EndRecords): boolean =>
  zip64 !== null && fields.some((field) => end[field] !== nothingSaid[field] && end[field] !== zip64[field]);

/** True if the records describe the directory correctly. */
export function describesDirectory(
  { end, zip64 }: EndRecords,
  directory: Omit<SaidOfDirectory, 'entriesOnThisDisk'>,
): boolean {
  const found = { ...directory, entriesOnThisDisk: directory.entries };
  return fields.every((field) => (zip64 ?? end)[field] === found[field]);
}

const fields = ['entriesOnThisDisk', 'entries', 'bytes', 'start'] as const;
const nothingSaid: SaidOfDirectory = {
  entriesOnThisDisk: 0xffff,
  entries: 0xffff,
  bytes: 0xffffffff,
  start: 0xffffffff,
};

const saidByEnd = (record: Buffer): SaidOfDirectory => ({
  entriesOnThisDisk: record.readUInt16LE(8),
  entries: record.readUInt16LE(10),
  bytes: record.readUInt32LE(12),
  start: record.readUInt32LE(16),
});

/** A truncated record has no valid value. */
function saidByZip64(record: Buffer): SaidOfDirectory {
  const at = (place: number) => (place + 8 <= record.length ? Number(record.readBigUInt64LE(place)) : NaN);
  return { entriesOnThisDisk: at(24), entries: at(32), bytes: at(40), start: at(48) };
}

const END_RECORD = Buffer.from('PK\x05\x06', 'latin1');
const LOCATOR = Buffer.from('PK\x06\x07', 'latin1');
const LOCATOR_BYTES = 20;
const ZIP64_RECORD_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;
const PIECE_BYTES = 64 * 1024;
/** The block size of such a program is always a multiple of this. */
const BLOCK_BYTES = 512;
/** The largest block that a tape program writes. */
const MAX_PADDING_BYTES = 1024 * 1024;
