import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { watchArrival } from '../../shared/archive/archive-arrival';
import { tooLarge } from '../../shared/errors/catalog';
import { UploadAborted } from '../../shared/errors/upload-aborted';

/**
 * The body's chunks. Fails with `too-large` once there are more bytes than allowed, and leaves the rest of the body
 * unread, because the response still has to be sent on its connection.
 */
export function readUpTo(
  body: Readable,
  maxBytes: number,
  see: (chunk: Buffer) => void = () => undefined,
): AsyncIterable<Buffer> {
  // The reader gets the error of a broken body. Until then there may be no listener, and an unhandled error would end
  // the process.
  body.on('error', () => undefined);
  return seenUpTo(body, maxBytes, see);
}

/** An archive up to this size stays in memory until it is unpacked, and is not read from the disk again. */
const mostHeldBytes = 64 * 1024;

/** Learns about an archive by seeing each of its bytes once. */
export function watchArchive() {
  const hash = createHash('sha256');
  const arrival = watchArrival();
  let bytes = 0;
  let chunks: Buffer[] = [];
  return {
    see: (chunk: Buffer): void => {
      hash.update(chunk);
      arrival.see(chunk);
      bytes += chunk.length;
      if (bytes <= mostHeldBytes) chunks.push(chunk);
      else chunks = [];
    },
    /** Call it when the whole archive has been seen. `held`: the archive itself, if it is small. */
    whole: () => ({
      sha256: hash.digest('hex'),
      bytes,
      arrival,
      held: bytes <= mostHeldBytes ? Buffer.concat(chunks) : null,
    }),
  };
}

/** The same of an archive that is in the file store, or that nobody keeps. */
export async function readWhole(archive: AsyncIterable<Buffer>) {
  const watch = watchArchive();
  for await (const chunk of archive) watch.see(chunk);
  return watch.whole();
}

async function* seenUpTo(
  body: Readable,
  maxBytes: number,
  see: (chunk: Buffer) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  const chunks = body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      see(chunk);
      yield chunk;
    }
  } catch (error) {
    throw body.errored === null ? error : new UploadAborted();
  }
}
