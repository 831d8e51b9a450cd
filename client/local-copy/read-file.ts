import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { isSystemError } from './system-error';

/** The bytes of a file, piece by piece. @throws the system's error, e.g. ENOENT. */
export async function* piecesOfFile(file: string): AsyncGenerator<Buffer> {
  const whole = smallFile(file);
  if (whole === null) yield* createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
  else if (whole.length > 0) yield whole;
}

/**
 * The bytes of a small file; null: it is larger. It is read at once on this thread: a copy consists of a hundred small
 * files, and sending each of their four calls to another thread costs several times as much as the calls.
 * @throws the system's error, e.g. ENOENT.
 */
export function smallFile(file: string): Buffer | null {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size > smallBytes) return null;
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** The same; undefined: there is no such file. */
export function smallFileIfAny(file: string): Buffer | null | undefined {
  try {
    return smallFile(file);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const smallBytes = 64 * 1024;
