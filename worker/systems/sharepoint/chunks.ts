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
 * A content in parts of so many bytes; only the last one is shorter. It holds one part at a time, and gives the last one
 * only if the content is as long as it says. Throws `unavailable` where it is not.
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
    // One more byte than a part must be there: else it may be the last one.
    while (heldBytes > chunkBytes) yield take(false);
  }
  if (start + heldBytes !== size) throw changed(size);
  yield take(true);
}

const changed = (size: number): Trouble =>
  new Trouble('unavailable', `the file was changed while it was read: it had ${size} bytes`);
