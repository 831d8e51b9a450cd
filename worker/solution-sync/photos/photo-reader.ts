import sharp from 'sharp';
import type { Reason } from '../../../shared/domain/reason';
import { readInstant } from '../../../shared/formats/read-instant';
import { readExifTime } from './photo-exif';
import { judgeJpegData } from './jpeg-data';
import { type JpegStructure, readJpegStructure } from './jpeg-structure';
import { otherFormatOf } from './photo-polyglot';
import { createRoom } from './room';

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
/** Three bytes a pixel, of fifty megapixels, as cameras code their colours. */
const maxBytesInMemory = 150_000_000;
const thumbnailPixels = 320;

// A picture is decoded once, so what is cached would only lie there.
sharp.cache(false);

/** The limit for all photos of this process together: it counts the decoded pixels, not the photos. */
const decoding = createRoom(maxBytesInMemory);

type Problem = { readonly problem: Reason };

const problem = (
  code:
    'photo-cut-short' | 'photo-damaged' | 'photo-empty' | 'photo-no-picture' | 'photo-too-large-to-decode',
): Problem => ({ problem: { code, values: {} } });

/**
 * Decodes a JPEG whole, so that a cut or damaged one is found out, and makes its thumbnail of it. The door to sharp. A
 * time without offset is local to `timezone` (IANA). Returns why where it is not a whole JPEG, or more than that.
 */
export async function readPhoto(content: Buffer, timezone: string): Promise<ReadPhoto | Problem> {
  try {
    const structure = readJpegStructure(content);
    const { format } = await sharp(content, { limitInputPixels: maxPixels }).metadata();
    if (format !== 'jpeg') return { problem: { code: 'photo-no-jpeg', values: { format } } };
    const bytes = bytesInMemory(structure);
    if (bytes > maxBytesInMemory) return problem('photo-too-large-to-decode');
    const other = otherFormatOf(content, structure);
    if (other !== null) return { problem: { code: 'photo-two-formats', values: { other } } };
    return await decoding.hold(bytes, () => decode(content, structure, timezone));
  } catch (error) {
    return problemFrom(error);
  }
}

async function decode(
  content: Buffer,
  structure: JpegStructure,
  timezone: string,
): Promise<ReadPhoto | Problem> {
  const data = await judgeJpegData(content, structure);
  if (data === 'cut short') return problem('photo-cut-short');
  if (data === 'damaged') return problem('photo-damaged');
  const image = sharp(content, {
    // Photos with another coding than that of cameras are left to the decoder, which must then give no warning.
    failOn: data === 'unknown' ? 'warning' : 'error',
    limitInputPixels: maxPixels,
    sequentialRead: true,
    autoOrient: true,
  });
  const { exif, autoOrient } = await image.metadata();
  // It is made small while it is decoded: every byte is read all the same, and no picture of a gigabyte is ever in memory.
  const thumbnail = await image
    .resize({ width: thumbnailPixels, height: thumbnailPixels, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 75 })
    .toBuffer();
  return { ...autoOrient, takenAt: takenAt(exif, timezone), thumbnail };
}

/**
 * The memory that the decoder needs: a few rows for a picture in one pass, two bytes for each coefficient for any
 * other.
 */
function bytesInMemory({ frame, scans: [first] }: JpegStructure): number {
  if (frame === null) return 0;
  const { width, height, components, coding } = frame;
  const [across, down] = [
    Math.max(1, ...components.map((one) => one.across)),
    Math.max(1, ...components.map((one) => one.down)),
  ];
  const samples = components.reduce((sum, one) => sum + one.across * one.down, 0) / (across * down);
  const isOnePass = coding === 'sequential' && first?.components.length === components.length;
  return Math.ceil(2 * samples * width * (isOnePass ? rowsAtOnce : height));
}

const rowsAtOnce = 64;

/** The names of libraries, and what they call things, mean nothing to staff. */
function problemFrom(error: unknown): Problem {
  const said = error instanceof Error ? error.message : String(error);
  return sayings.find(([theirs]) => theirs.test(said))?.[1] ?? problem('photo-damaged');
}

const sayings: readonly (readonly [RegExp, Problem])[] = [
  [/buffer is empty/i, problem('photo-empty')],
  [/unsupported image format/, problem('photo-no-picture')],
  [/premature end of JPEG|datastream contains no image/, problem('photo-cut-short')],
  [/exceeds pixel limit/, { problem: { code: 'photo-too-many-pixels', values: { most: maxPixels } } }],
];

function takenAt(exif: Buffer | undefined, timezone: string): Date | null {
  const time = exif === undefined ? null : readExifTime(exif);
  return time === null ? null : readInstant(`${time.wall}${time.offset ?? ''}`, timezone);
}
