/** How much of a stream may be read. */
export interface ReadLimit {
  readonly maxBytes: number;
  /** What is thrown if there is more. */
  readonly tooLong: () => Error;
}

/** Reads a stream to its end. If it is longer than the limit, the rest is not read. */
export async function bytesOf(
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limit?: ReadLimit,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (limit !== undefined && bytes > limit.maxBytes) throw limit.tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
