import sharp from 'sharp';

/** A JPEG of one colour. */
export const jpeg = (shade: number, { width = 40, height = 30 } = {}): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: { r: shade, g: 80, b: 160 } } })
    .jpeg()
    .toBuffer();

export interface ExifTexts {
  /** DateTimeOriginal. */
  readonly original?: string;
  /** OffsetTimeOriginal. */
  readonly offset?: string;
  /** DateTimeDigitized. */
  readonly digitized?: string;
  /** DateTime. */
  readonly changed?: string;
  readonly isLittleEndian?: boolean;
}

/** An EXIF block as cameras write it: IFD0, which points to the EXIF directory, and texts behind each. */
export function exifBlock({
  original,
  offset,
  digitized,
  changed,
  isLittleEndian = true,
}: ExifTexts): Buffer {
  const own = [
    { tag: 0x9003, text: original },
    { tag: 0x9004, text: digitized },
    { tag: 0x9011, text: offset },
  ].flatMap(({ tag, text }) => (text === undefined ? [] : [{ tag, text }]));
  const first = changed === undefined ? [] : [{ tag: 0x0132, text: changed }];
  const firstBytes = 2 + 12 * (first.length + 1) + 4;
  const firstTexts = textsOf(first);
  const exifAt = 8 + firstBytes + firstTexts.length;
  const u16 = (value: number) => number(2, value, isLittleEndian);
  const u32 = (value: number) => number(4, value, isLittleEndian);
  const directory = (at: number, entries: typeof own, pointer: number | null) => {
    const count = entries.length + (pointer === null ? 0 : 1);
    let textAt = at + 2 + 12 * count + 4;
    const written = entries.map(({ tag, text }) => {
      const value = Buffer.from(`${text}\0`, 'latin1');
      const entry = Buffer.concat([u16(tag), u16(2), u32(value.length), u32(textAt)]);
      textAt += value.length;
      return entry;
    });
    const pointing = pointer === null ? [] : [Buffer.concat([u16(0x8769), u16(4), u32(1), u32(pointer)])];
    return Buffer.concat([u16(count), ...written, ...pointing, u32(0), textsOf(entries)]);
  };
  return Buffer.concat([
    Buffer.from('Exif\0\0', 'latin1'),
    Buffer.from(isLittleEndian ? 'II' : 'MM'),
    u16(42),
    u32(8),
    directory(8, first, exifAt),
    directory(exifAt, own, null),
  ]);
}

const textsOf = (entries: readonly { readonly text: string }[]): Buffer =>
  Buffer.from(entries.map(({ text }) => `${text}\0`).join(''), 'latin1');

function number(bytes: 2 | 4, value: number, isLittleEndian: boolean): Buffer {
  const written = Buffer.alloc(bytes);
  if (isLittleEndian) written.writeUIntLE(value, 0, bytes);
  else written.writeUIntBE(value, 0, bytes);
  return written;
}

/** The JPEG with this EXIF block, whatever it holds. */
export function withExif(picture: Buffer, block: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(block.length + 2);
  return Buffer.concat([
    picture.subarray(0, 2),
    Buffer.from([0xff, 0xe1]),
    length,
    block,
    picture.subarray(2),
  ]);
}
