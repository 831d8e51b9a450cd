import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

/** A part of a content. */
export interface Chunk {
  /** Bytes before it. */
  readonly start: number;
  readonly bytes: Buffer<ArrayBuffer>;
  readonly isLast: boolean;
}

/**
 * Cuts a content into parts of so many bytes; only the last one is shorter. One part at a time is in memory, and the
 * last one is only returned if the content has the announced length. Throws `unavailable` if it has not.
 */
export async function* chunksOf(
  content: Content,
  chunkBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const { size } = content;
  let held: Uint8Array[] = [];
  let [start, heldBytes] = [0, 0];
  const take = (isLast: boolean): Chunk => {
    const all = Buffer.concat(held);
    const bytes = isLast ? all : all.subarray(0, chunkBytes);
    const chunk = { start, bytes, isLast };
    held = isLast ? [] : [all.subarray(chunkBytes)];
    start += bytes.length;
    heldBytes -= bytes.length;
    return chunk;
  };
  for await (const piece of await content.open(signal)) {
    held.push(piece);
    heldBytes += piece.length;
    if (start + heldBytes > size) throw changed(size);
    // There must be one byte more than a part, because otherwise the part may be the last one.
    while (heldBytes > chunkBytes) yield take(false);
  }
  if (start + heldBytes !== size) throw changed(size);
  yield take(true);
}

const changed = (size: number): Trouble =>
  new Trouble('unavailable', `the file was changed while it was read: it had ${size} bytes`);
