import pLimit from 'p-limit';
import { Readable } from 'node:stream';
import { notFound } from '../errors/catalog';
import { internalFolder, needPlainKey } from './file-keys';
import type { ByteRange, FileContent, FileStore, StoredFile, WriteBatch } from './file-store';
import { openS3Bucket, type S3Bucket, type S3Content } from './s3-bucket';
import { createS3Parts, partBytes, tailsPrefix } from './s3-parts';
import type { ObservedFileCall, S3Settings } from './s3-settings';

/** Removed one by one, because the one call that removes many is different on every server. */
const removalsAtOnce = 8;
/** From this number on, an upload waits for each of its parts, so that it only keeps one of them in memory. */
const fewUploads = 4;
/** A content that breaks off is continued where it broke, so many times without a byte in between. */
const resumptions = 3;
/** What is unfinished after this time was left by a process that died. A resumable upload expires earlier. */
const abandonedHours = 48;
/** The health of the store is asked every few seconds; one write in this time is enough. */
const probeMilliseconds = 60_000;

/**
 * The file store in a bucket of an S3 server. An object is there when the server has confirmed it, whole; a larger one is
 * sent in parts, which nobody sees before they are put together.
 */
export function createS3FileStore(
  settings: S3Settings,
  observe: (call: ObservedFileCall) => void = () => undefined,
): FileStore {
  const bucket = openS3Bucket(settings, observe);
  let writtenAt = -Infinity;

  const write = async (key: string, content: FileContent): Promise<StoredFile> => ({
    key,
    bytes: await writeObject(bucket, needPlainKey(key), content),
  });

  return {
    parts: createS3Parts(bucket),
    write,
    // Each object is durable when it has been written.
    startBatch: () => startS3Batch(write),

    async makeDurable(key) {
      if ((await found(needPlainKey(key))) === null) throw notFound('file');
    },

    async read(key, range) {
      needPlainKey(key);
      if (range !== undefined && range.end < range.start)
        throw new RangeError('a byte range ends before it starts');
      const first = await bucket.get(key, range);
      if (first === null) throw notFound('file');
      if (first === 'beyond') return Readable.from([], { objectMode: false });
      return Readable.from(continued(bucket, key, range ?? { start: 0, end: Infinity }, first), {
        objectMode: false,
      });
    },

    async stat(key) {
      const object = await found(needPlainKey(key));
      return object === null ? null : { key, bytes: object.bytes };
    },

    list: (prefix) => listed(bucket, prefix === '' ? '' : `${needPlainKey(prefix)}/`),

    async remove(prefix) {
      needPlainKey(prefix);
      await bucket.delete(prefix);
      await removeAll(bucket, listed(bucket, `${prefix}/`));
    },

    space: () => Promise.resolve(null),

    async check() {
      const isWrite = performance.now() - writtenAt > probeMilliseconds;
      if (!isWrite) return bucket.need();
      writtenAt = -Infinity;
      await bucket.put(
        `${internalFolder}/check`,
        Buffer.from('written to see whether the store can be written'),
      );
      writtenAt = performance.now();
    },
  };

  /** The response to a question about one object does not say whether it is the bucket that is missing. */
  async function found(key: string) {
    const object = await bucket.head(key);
    if (object === null) await bucket.need();
    return object;
  }
}

/** Removes what processes that died have left unfinished in the bucket, two days later. */
export async function removeAbandonedS3Parts(settings: S3Settings): Promise<void> {
  const bucket = openS3Bucket(settings, () => undefined);
  const before = new Date(Date.now() - abandonedHours * 3_600_000);
  for await (const object of bucket.unfinished(before)) await bucket.abortParts(object);
  for await (const { key, modifiedAt } of bucket.list(tailsPrefix))
    if (modifiedAt < before) await bucket.delete(key);
}

function startS3Batch(write: FileStore['write']): WriteBatch {
  let failure: { readonly error: unknown } | null = null;
  return {
    write: (key, content) =>
      write(key, content).catch((error: unknown) => {
        failure ??= { error };
        throw error;
      }),
    commit: () => (failure === null ? Promise.resolve() : Promise.reject(asError(failure.error))),
  };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

async function writeObject(bucket: S3Bucket, key: string, content: FileContent): Promise<number> {
  if (content instanceof Uint8Array && content.byteLength <= partBytes) {
    await bucket.put(key, content);
    return content.byteLength;
  }
  const pieces = inPieces(content instanceof Uint8Array ? slices(content) : content);
  const first = await pieces.next();
  const start = first.done === true ? Buffer.alloc(0) : first.value;
  if (start.byteLength < partBytes) {
    await bucket.put(key, start);
    return start.byteLength;
  }
  return writeInParts(bucket, key, start, pieces);
}

let uploadsUnderWay = 0;

/** While a part is sent, the next one is collected; with many uploads at once it is not, to save memory. */
async function writeInParts(
  bucket: S3Bucket,
  key: string,
  first: Buffer,
  others: AsyncGenerator<Buffer>,
): Promise<number> {
  const parts = createS3Parts(bucket);
  const object = await parts.begin(key);
  const sent: Promise<{ number: number; bytes: number; etag: string }>[] = [];
  uploadsUnderWay += 1;
  try {
    for (let piece = first; ;) {
      await sent.at(-1);
      const sending = parts.put(object, sent.length + 1, piece);
      // It is awaited later. Until then, its failure must not count as an unhandled rejection.
      sending.catch(() => undefined);
      sent.push(sending);
      if (uploadsUnderWay > fewUploads) await sending;
      const next = await others.next();
      if (next.done === true) break;
      piece = next.value;
    }
    const all = await Promise.all(sent);
    await parts.complete(object, all);
    return all.reduce((sum, { bytes }) => sum + bytes, 0);
  } catch (error) {
    await Promise.allSettled(sent);
    // What cannot be removed now is removed two days later.
    await parts.abort(object).catch(() => undefined);
    throw error;
  } finally {
    uploadsUnderWay -= 1;
  }
}

/** The content in pieces of the size of a part; the last one may be smaller. No piece is empty. */
async function* inPieces(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of content) {
    for (let rest = chunk; rest.byteLength > 0;) {
      const taken = rest.subarray(0, partBytes - heldBytes);
      held.push(taken);
      heldBytes += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (heldBytes < partBytes) continue;
      const piece = Buffer.concat(held, heldBytes);
      held = [];
      heldBytes = 0;
      yield piece;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held, heldBytes);
}

function* slices(content: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += partBytes) yield content.subarray(at, at + partBytes);
}

/** The content of an object from `first` on. If the connection breaks, it continues with the same version. */
async function* continued(
  bucket: S3Bucket,
  key: string,
  range: ByteRange,
  first: S3Content,
): AsyncGenerator<Buffer> {
  let position = range.start;
  let failures = 0;
  for (let { body } = first; ;) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.byteLength;
        failures = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      failures += 1;
      if (failures > resumptions) throw bucket.asAway(error);
    } finally {
      body.destroy();
    }
    const next = await bucket.get(key, { start: position, end: range.end }, first.etag);
    if (next === null) throw notFound('file');
    // It broke after its last byte.
    if (next === 'beyond') return;
    body = next.body;
  }
}

async function* listed(bucket: S3Bucket, start: string): AsyncGenerator<StoredFile> {
  for await (const { key, bytes } of bucket.list(start)) {
    // The consoles of some servers make an empty object for each folder.
    if (key.startsWith(`${internalFolder}/`) || key.endsWith('/')) continue;
    yield { key, bytes };
  }
}

async function removeAll(bucket: S3Bucket, objects: AsyncIterable<StoredFile>): Promise<void> {
  const inTurn = pLimit(removalsAtOnce);
  let removals: Promise<void>[] = [];
  for await (const { key } of objects) {
    removals.push(inTurn(() => bucket.delete(key)));
    if (removals.length < 1_000) continue;
    await Promise.all(removals);
    removals = [];
  }
  await Promise.all(removals);
}
