import sharp from 'sharp';
import { readInstant } from '../../../shared/formats/read-instant';
import { readExifTime } from './photo-exif';
import { otherFormatOf } from './photo-polyglot';

export interface ReadPhoto {
  /** Pixels, as it is to be seen: after its orientation. */
  readonly width: number;
  readonly height: number;
  /** When the camera says that it took it. */
  readonly takenAt: Date | null;
  /** A small JPEG, upright, without anything but the picture. */
  readonly thumbnail: Buffer;
}

/** No device takes larger ones. */
const maxPixels = 200_000_000;
/** The decoder must hold a progressive picture whole: three bytes a pixel. */
const maxProgressivePixels = 50_000_000;
const thumbnailPixels = 320;

// A picture is decoded once, so what is cached would only lie there.
sharp.cache(false);

/**
 * Decodes a JPEG whole, so that a cut or damaged one is found out, and makes its thumbnail of it. The door to sharp.
 * A time without offset is local to `timezone` (IANA). Answers a sentence where it is not a whole JPEG, or more than that.
 */
export async function readPhoto(
  content: Buffer,
  timezone: string,
): Promise<ReadPhoto | { readonly problem: string }> {
  try {
    const image = sharp(content, {
      failOn: 'error',
      limitInputPixels: maxPixels,
      sequentialRead: true,
      autoOrient: true,
    });
    const { format, isProgressive, width, height, exif, autoOrient } = await image.metadata();
    if (format !== 'jpeg') return { problem: `it is no JPEG but ${format}` };
    if (isProgressive && width * height > maxProgressivePixels)
      return { problem: `it is progressive and has more than ${maxProgressivePixels} pixels` };
    const other = otherFormatOf(content);
    if (other !== null) return { problem: `it is a JPEG and ${other} at once` };
    // It is made small while it is decoded: every byte is read all the same, and no picture of a gigabyte is ever in memory.
    const thumbnail = await image
      .resize({ width: thumbnailPixels, height: thumbnailPixels, fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: 75 })
      .toBuffer();
    return { ...autoOrient, takenAt: takenAt(exif, timezone), thumbnail };
  } catch (error) {
    return { problem: problemFrom(error) };
  }
}

/** The names of libraries, and what they call things, mean nothing to staff. */
function problemFrom(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return sayings.find(([theirs]) => theirs.test(said))?.[1] ?? 'it is damaged';
}

const sayings: readonly (readonly [RegExp, string])[] = [
  [/buffer is empty/i, 'it is empty'],
  [/unsupported image format/, 'it is no picture'],
  [/premature end of JPEG|datastream contains no image/, 'it is cut short'],
  [/exceeds pixel limit/, `it has more than ${maxPixels} pixels`],
];

function takenAt(exif: Buffer | undefined, timezone: string): Date | null {
  const time = exif === undefined ? null : readExifTime(exif);
  return time === null ? null : readInstant(`${time.wall}${time.offset ?? ''}`, timezone);
}
