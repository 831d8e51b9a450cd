import sharp from 'sharp';

export interface ReadPhoto {
  /** Pixels, as it is to be seen: after its orientation. */
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a JPEG whole, so that a cut or damaged one is found out. The door to sharp.
 * Answers a sentence where it is not a whole JPEG.
 */
export async function readPhoto(content: Buffer): Promise<ReadPhoto | { readonly problem: string }> {
  try {
    const image = sharp(content, { failOn: 'error', limitInputPixels: 200_000_000 });
    const { format, width, height, orientation = 1 } = await image.metadata();
    if (format !== 'jpeg') return { problem: `it is no JPEG but ${format}` };
    await image.stats();
    return orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}
