import { pipeline, type Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';
import { crc32, createInflateRaw, inflateRawSync, type InflateRaw } from 'node:zlib';
import type { ArchiveBytes } from './archive-bytes';
import { refused, type ArchiveEntry } from './zip-directory';

/** Measured best, in `bench/unpack.ts`: fewer, larger chunks cost more memory and gain nothing. */
const CHUNK_BYTES = 256 * 1024;
/** Up to this size the packed bytes come from the blocks in memory, beyond it as a stream of their own. */
const READ_AT_ONCE_BYTES = 64 * 1024;
/** An entry up to this size is unpacked in one call. That takes less time than setting up a stream. */
const UNPACK_AT_ONCE_BYTES = 64 * 1024;

/** Whether the entry is read and unpacked in one piece. */
export const isSmall = ({ packedBytes, unpackedBytes }: ArchiveEntry): boolean =>
  packedBytes <= READ_AT_ONCE_BYTES && unpackedBytes <= UNPACK_AT_ONCE_BYTES;

/**
 * The entry's content, unpacked as it is read, in chunks of up to 256 KB. Throws `bad-archive` as soon as it is longer
 * than declared, and at its end where it is shorter, damaged or of another CRC: the content until then must not be
 * used. Failures of the store pass through.
 */
export async function* entryContent(
  archive: ArchiveBytes,
  entry: ArchiveEntry,
  dataStart: number,
): AsyncGenerator<Buffer> {
  if (isSmall(entry)) {
    if (entry.unpackedBytes + entry.packedBytes > 0) yield await smallContent(archive, entry, dataStart);
    return;
  }
  let bytes = 0;
  let crc = 0;
  for await (const chunk of unpacked(archive, entry, dataStart)) {
    bytes += chunk.length;
    if (bytes > entry.unpackedBytes)
      throw refused(entry.name, 'longer than declared: too many bytes unpacked');
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (bytes < entry.unpackedBytes) throw refused(entry.name, 'truncated: shorter than declared');
  if (crc !== entry.crc32) throw refused(entry.name, 'bad CRC');
}

/** The whole content of a small entry, checked. A stream of its own would cost more than the content. */
export async function smallContent(
  archive: ArchiveBytes,
  entry: ArchiveEntry,
  dataStart: number,
): Promise<Buffer> {
  const packed =
    archive.readFromMemory(dataStart, entry.packedBytes) ??
    (await archive.read(dataStart, entry.packedBytes));
  // Some programs deflate an empty file to no bytes at all.
  const isPlain = entry.method === 'stored' || entry.packedBytes === 0;
  const content = isPlain ? packed : inflatedAtOnce(packed, entry);
  if (content.length > entry.unpackedBytes)
    throw refused(entry.name, 'longer than declared: too many bytes unpacked');
  if (content.length < entry.unpackedBytes) throw refused(entry.name, 'truncated: shorter than declared');
  if (crc32(content) !== entry.crc32) throw refused(entry.name, 'bad CRC');
  return content;
}

async function* unpacked(
  archive: ArchiveBytes,
  entry: ArchiveEntry,
  dataStart: number,
): AsyncGenerator<Buffer> {
  // Some programs deflate an empty file to no bytes at all.
  if (entry.packedBytes === 0) return;
  const packed = await packedBytes(archive, entry, dataStart);
  if (entry.method === 'stored') yield* chunksOf(packed);
  else yield* inflated(packed, entry);
}

function packedBytes(
  archive: ArchiveBytes,
  entry: ArchiveEntry,
  dataStart: number,
): Promise<Buffer | Readable> {
  if (entry.packedBytes <= READ_AT_ONCE_BYTES) return archive.read(dataStart, entry.packedBytes);
  return archive.stream(dataStart, entry.packedBytes);
}

async function* chunksOf(packed: Buffer | Readable): AsyncGenerator<Buffer> {
  if (packed instanceof Buffer) yield packed;
  else for await (const chunk of packed) yield chunk as Buffer;
}

function inflatedAtOnce(packed: Buffer, entry: ArchiveEntry): Buffer {
  const mostBytes = entry.unpackedBytes + 1;
  const { buffer, engine } = attempt();
  if (engine.bytesWritten !== entry.packedBytes) throw refused(entry.name, 'bytes after the end of its data');
  return buffer;

  function attempt(): Inflated {
    try {
      const options = { chunkSize: Math.max(64, mostBytes), maxOutputLength: mostBytes, info: true };
      const found: unknown = inflateRawSync(packed, options);
      if (isInflated(found)) return found;
    } catch (error) {
      if (isNativeError(error) && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
        throw refused(entry.name, 'longer than declared: too many bytes unpacked');
      throw isDamage(error) ? refused(entry.name, damageOf(error)) : error;
    }
    throw new Error('zlib gave no info');
  }
}

/** What zlib returns with the option `info`. Its types do not declare it. */
interface Inflated {
  readonly buffer: Buffer;
  /** `bytesWritten`: of the packed bytes. */
  readonly engine: { readonly bytesWritten: number };
}

const isInflated = (found: unknown): found is Inflated =>
  typeof found === 'object' && found !== null && 'engine' in found && 'buffer' in found;

async function* inflated(packed: Buffer | Readable, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  // A small entry gets a small buffer: thousands of them would otherwise each take 256 KB for a moment.
  const inflate = createInflateRaw({ chunkSize: Math.min(CHUNK_BYTES, entry.unpackedBytes + 64) });
  feed(inflate, packed);
  try {
    yield* chunksOf(inflate);
  } catch (error) {
    throw isDamage(error) ? refused(entry.name, damageOf(error)) : error;
  }
  if (inflate.bytesWritten !== entry.packedBytes)
    throw refused(entry.name, 'bytes after the end of its data');
}

function feed(inflate: InflateRaw, packed: Buffer | Readable): void {
  if (packed instanceof Buffer) inflate.end(packed);
  // The reader of `inflate` gets every error. The pipeline only makes sure that both streams are closed.
  else pipeline(packed, inflate, () => undefined);
}

type ZlibError = Error & { readonly code: string };

const isDamage = (error: unknown): error is ZlibError =>
  isNativeError(error) &&
  'code' in error &&
  ['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT'].includes(String(error.code));

const damageOf = (error: ZlibError): string =>
  error.code === 'Z_BUF_ERROR' ? 'truncated: its data ends too early' : 'damaged compressed data';
