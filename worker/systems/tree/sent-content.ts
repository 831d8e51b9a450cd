import { createHash } from 'node:crypto';
import type { Content } from '../../pipeline/system';

/** The size and hash of a content that was read to its end. */
export interface SentBytes {
  readonly bytes: number;
  /** `sha256:…` */
  readonly hash: string;
}

export interface SentContent {
  readonly content: Content;
  /** Null: the content was not read to its end. */
  sent(): SentBytes | null;
}

/**
 * The same content, hashed while it is read. `atEnd` is called before the reader learns that there are no more bytes,
 * so before the reader does anything with the whole content.
 */
export function hashedOnItsWay(content: Content, atEnd: (sent: SentBytes) => Promise<void>): SentContent {
  let last: SentBytes | null = null;
  async function* read(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const part of parts) {
      hash.update(part);
      bytes += part.length;
      yield part;
    }
    const sent = { bytes, hash: `sha256:${hash.digest('hex')}` };
    await atEnd(sent);
    last = sent;
  }
  return {
    content: { ...content, open: async (signal) => read(await content.open(signal)) },
    sent: () => last,
  };
}

/** Reads a content to its end and returns its hash. */
export async function hashOf(parts: AsyncIterable<Uint8Array>): Promise<SentBytes> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const part of parts) {
    hash.update(part);
    bytes += part.length;
  }
  return { bytes, hash: `sha256:${hash.digest('hex')}` };
}
