import sharp from 'sharp';

export interface ReadPhoto {
  /** Pixels, as it is to be seen: after its orientation. */
  readonly width: number;
  readonly height: number;
}

/** No device takes larger ones. */
const maxPixels = 200_000_000;
/** The decoder must hold a progressive picture whole: three bytes a pixel. */
const maxProgressivePixels = 50_000_000;

/**
 * Decodes a JPEG whole, so that a cut or damaged one is found out. The door to sharp.
 * Answers a sentence where it is not a whole JPEG.
 */
export async function readPhoto(content: Buffer): Promise<ReadPhoto | { readonly problem: string }> {
  try {
    const image = sharp(content, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true });
    const { format, width, height, isProgressive, orientation = 1 } = await image.metadata();
    if (format !== 'jpeg') return { problem: `it is no JPEG but ${format}` };
    if (isProgressive && width * height > maxProgressivePixels)
      return { problem: `it is progressive and has more than ${maxProgressivePixels} pixels` };
    // Into next to nothing: every byte is read all the same, and no picture of a gigabyte is ever in memory.
    await image.resize(64, 64, { fit: 'inside', kernel: 'nearest' }).raw().toBuffer();
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}
