/** When a camera says that it took a picture. */
export interface ExifTime {
  /** The time of its clock, `2026-11-20 07:31:00`. */
  readonly wall: string;
  /** `+02:00`; null where the camera does not say. */
  readonly offset: string | null;
}

/**
 * The time in an EXIF block: `DateTimeOriginal`, else `DateTimeDigitized`. `DateTime` does not help, because it is when
 * the file was last changed. Cameras write many invalid blocks; an unreadable time counts as absent. Source: CIPA
 * DC-008, 4.6.
 */
export function readExifTime(block: Buffer): ExifTime | null {
  const tiff = tiffOf(block);
  if (tiff === null) return null;
  const [exifAt] = valuesOf(tiff, tiff.firstDirectory, [tags.exifDirectory]);
  const at = exifAt === undefined ? null : longIn(tiff, exifAt);
  if (at === null) return null;
  for (const { time, offset } of [tags.original, tags.digitized]) {
    const wall = wallTime(textIn(tiff, valuesOf(tiff, at, [time])[0]));
    if (wall === null) continue;
    const written = textIn(tiff, valuesOf(tiff, at, [offset])[0]).trim();
    return { wall, offset: /^[+-]\d\d:\d\d$/.test(written) ? written : null };
  }
  return null;
}

const tags = {
  exifDirectory: 0x8769,
  original: { time: 0x9003, offset: 0x9011 },
  digitized: { time: 0x9004, offset: 0x9012 },
};

/** A TIFF structure: every place in it counts from its first byte. */
interface Tiff {
  readonly bytes: Buffer;
  readonly isLittleEndian: boolean;
  readonly firstDirectory: number;
}

/** One value of a directory: its count, and where its four bytes lie, which hold it or point to it. */
interface Value {
  readonly count: number;
  readonly at: number;
}

function tiffOf(block: Buffer): Tiff | null {
  const bytes = block.subarray(0, 6).toString('latin1') === 'Exif\0\0' ? block.subarray(6) : block;
  const order = bytes.subarray(0, 2).toString('latin1');
  if (bytes.length < 8 || (order !== 'II' && order !== 'MM')) return null;
  const tiff = { bytes, isLittleEndian: order === 'II', firstDirectory: 0 };
  const firstDirectory = uint32(tiff, 4);
  return firstDirectory === null ? null : { ...tiff, firstDirectory };
}

/** Those of the wanted values that the directory has. Nothing is followed from one directory to the next: no loops. */
function valuesOf(tiff: Tiff, directory: number, wanted: readonly number[]): Value[] {
  const entries = Math.min(uint16(tiff, directory) ?? 0, maxEntries);
  const found: Value[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + 12 * entry;
    const tag = uint16(tiff, at);
    const count = uint32(tiff, at + 4);
    if (tag === null || count === null) break;
    if (wanted.includes(tag)) found.push({ count, at: at + 8 });
  }
  return found;
}

const longIn = (tiff: Tiff, { at }: Value): number | null => uint32(tiff, at);

/** Empty where it lies outside the block. Its type is not asked for: some cameras get that wrong. */
function textIn(tiff: Tiff, value: Value | undefined): string {
  if (value === undefined) return '';
  const length = Math.min(value.count, maxTextBytes);
  const at = length <= 4 ? value.at : uint32(tiff, value.at);
  if (at === null || at + length > tiff.bytes.length) return '';
  return tiff.bytes.toString('latin1', at, at + length).replace(/\0.*$/s, '');
}

/** `2026:11:20 07:31:00`, or what other hands made of it. That there is such a day is for others to judge. */
function wallTime(text: string): string | null {
  const match = /^\s*(\d{4})[:./-](\d\d)[:./-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?/.exec(text);
  if (match === null) return null;
  const [, year = '', month = '', day = '', hours = '', minutes = '', seconds = '00'] = match;
  return `${year}-${month}-${day} ${hours}:${minutes}:${seconds}`;
}

function uint16({ bytes, isLittleEndian }: Tiff, at: number): number | null {
  if (at + 2 > bytes.length) return null;
  return isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function uint32(
  { bytes, isLittleEndian }: Pick<Tiff, 'bytes' | 'isLittleEndian'>,
  at: number,
): number | null {
  if (at + 4 > bytes.length) return null;
  return isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

/** No camera writes more. */
const maxEntries = 1_000;
const maxTextBytes = 64;
