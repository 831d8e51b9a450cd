import { crc32 } from 'node:zlib';

/** The findings about an archive while it is received, so that it need not be read again. */
export interface ArchiveArrival {
  /**
   * Takes the next bytes of the archive. Never fails: what it cannot read is left to the reader of the whole archive.
   */
  see(chunk: Buffer): void;
  /** The CRC of the stored entry whose data has this position and length. Null: it is not known. */
  crc32Of(dataStart: number, bytes: number): number | null;
}

interface SeenData {
  readonly bytes: number;
  readonly crc32: number;
}

interface DataUnderWay {
  readonly start: number;
  readonly bytes: number;
  readonly isChecked: boolean;
  left: number;
  crc32: number;
}

/**
 * Smaller entries are quick to read. The limit also prevents that a hostile archive makes us remember millions of
 * entries.
 */
const CHECKED_FROM_BYTES = 64 * 1024;

/**
 * Follows the headers before the entries. It checks nothing: the directory at the end of the archive decides which data
 * counts. It stops at a header without sizes, because the position of the next one is then unknown. Source: APPNOTE.TXT
 * 6.3, 4.3.7.
 */
export function watchArrival(): ArchiveArrival {
  const seen = new Map<number, SeenData>();
  let position = 0;
  let header = Buffer.alloc(0);
  let data: DataUnderWay | null = null;
  let isLost = false;

  return {
    see(chunk) {
      for (let rest = chunk; rest.length > 0 && !isLost;) {
        const taken = data === null ? takeHeader(rest) : takeData(data, rest);
        position += taken;
        rest = rest.subarray(taken);
        if (data?.left === 0) endData(data);
      }
    },
    crc32Of(dataStart, bytes) {
      const found = seen.get(dataStart);
      return found?.bytes === bytes ? found.crc32 : null;
    },
  };

  function takeHeader(rest: Buffer): number {
    const taken = Math.min(headerBytes(header) - header.length, rest.length);
    header = Buffer.concat([header, rest.subarray(0, taken)]);
    if (header.length < FIXED_BYTES || header.length < headerBytes(header)) return taken;
    const bytes = header.readUInt32LE(18);
    const hasSizes = (header.readUInt16LE(6) & SIZES_FOLLOW_FLAG) === 0 && bytes !== ZIP64_MARK;
    if (header.readUInt32LE(0) !== SIGNATURE || !hasSizes) isLost = true;
    const isChecked = header.readUInt16LE(8) === STORED && bytes >= CHECKED_FROM_BYTES;
    data = { start: position + taken, bytes, isChecked, left: bytes, crc32: 0 };
    header = Buffer.alloc(0);
    return taken;
  }

  function takeData(under: DataUnderWay, rest: Buffer): number {
    const taken = rest.subarray(0, under.left);
    if (under.isChecked) under.crc32 = crc32(taken, under.crc32);
    under.left -= taken.length;
    return taken.length;
  }

  function endData({ start, bytes, isChecked, crc32 }: DataUnderWay): void {
    if (isChecked) seen.set(start, { bytes, crc32 });
    data = null;
  }
}

/** As far as it is known so far. */
const headerBytes = (header: Buffer): number =>
  header.length < FIXED_BYTES ? FIXED_BYTES : FIXED_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);

const SIGNATURE = 0x04034b50;
const FIXED_BYTES = 30;
const STORED = 0;
const SIZES_FOLLOW_FLAG = 0x8;
const ZIP64_MARK = 0xffffffff;
