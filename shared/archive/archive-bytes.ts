import { Readable } from 'node:stream';
import { notFound } from '../errors/catalog';
import type { FileStore } from '../files/file-store';

/** Random access to an archive that is in a file store. Failures of the store pass through. */
export interface ArchiveBytes {
  readonly size: number;
  /**
   * Reads these bytes, from memory if they are close to bytes that were read recently. Returns fewer at the end of the
   * archive.
   */
  read(position: number, length: number): Promise<Buffer>;
  /** The same at once, if all of these bytes are in memory; null: they are not. */
  readFromMemory(position: number, length: number): Buffer | null;
  /** These bytes, as a stream: one request to the store. `length` is more than 0. */
  stream(position: number, length: number): Promise<Readable>;
}

/** An archive that is in memory. */
export const heldArchive = (bytes: Buffer): ArchiveBytes => ({
  size: bytes.length,
  read: (position, length) => Promise.resolve(bytes.subarray(position, position + length)),
  readFromMemory: (position, length) => bytes.subarray(position, position + length),
  stream: (position, length) => Promise.resolve(Readable.from([bytes.subarray(position, position + length)])),
});

const BLOCK_BYTES = 64 * 1024;
const BLOCKS_KEPT = 4;

/**
 * Headers and small entries are read through a few blocks kept in memory: thousands of them cost a handful of
 * requests, which is what makes an object store usable and a disk quick.
 */
export async function archiveBytesOf(
  store: Pick<FileStore, 'stat' | 'read'>,
  key: string,
): Promise<ArchiveBytes> {
  const archive = await store.stat(key);
  if (archive === null) throw notFound('archive');
  const size = archive.bytes;
  const blocks = new Map<number, Promise<Buffer>>();
  const inMemory = new Map<number, Buffer>();

  return {
    size,

    async read(position, length) {
      const end = Math.min(position + length, size);
      const parts: Buffer[] = [];
      for (let at = position; at < end;) {
        const index = Math.floor(at / BLOCK_BYTES);
        const start = index * BLOCK_BYTES;
        const part = (await block(index)).subarray(at - start, end - start);
        if (part.length === 0) break;
        parts.push(part);
        at += part.length;
      }
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },

    readFromMemory(position, length) {
      const index = Math.floor(position / BLOCK_BYTES);
      const start = position - index * BLOCK_BYTES;
      const held = inMemory.get(index);
      // Bytes that lie in two blocks are left to `read`.
      return held !== undefined && start + length <= held.length
        ? held.subarray(start, start + length)
        : null;
    },

    stream: streamOf,
  };

  function block(index: number): Promise<Buffer> {
    const kept = blocks.get(index);
    if (kept !== undefined) return kept;
    const fetched = fetchBlock(index);
    blocks.set(index, fetched);
    for (const oldest of blocks.keys()) {
      if (blocks.size <= BLOCKS_KEPT) break;
      blocks.delete(oldest);
      inMemory.delete(oldest);
    }
    return fetched;
  }

  async function fetchBlock(index: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of await streamOf(index * BLOCK_BYTES, BLOCK_BYTES)) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    if (blocks.has(index)) inMemory.set(index, bytes);
    return bytes;
  }

  function streamOf(position: number, length: number): Promise<Readable> {
    return store.read(key, { start: position, end: Math.min(position + length, size) - 1 });
  }
}
