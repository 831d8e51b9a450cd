import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';

// The file that travels between a solution without a network and the server, on a stick. It is one line of JSON (the
// header), then the contents, encrypted and authenticated with a key that follows from the solution's secret, then 16
// bytes of authentication. The contents are the length of a JSON text (4 bytes, big-endian), the text, and the parts in
// the order in which the text lists them. See docs/decisions/098.

/** `to-server`: an upload; `to-solution`: the response to it. */
export type OfflineDirection = 'to-server' | 'to-solution';

/** What a file says openly, so that everybody sees whose it is. */
export interface OfflineHeader {
  readonly direction: OfflineDirection;
  /** Of the solution. */
  readonly mail: string;
  /** The UUID of the export; a response repeats it. */
  readonly export: string;
}

/** Why a file is refused. */
export type OfflineFault = 'not-one' | 'newer-version' | 'cut-off' | 'not-authentic' | 'bad-contents';

export class BadOfflineFile extends Error {
  constructor(readonly fault: OfflineFault) {
    super(`bad offline file: ${fault}`);
    this.name = 'BadOfflineFile';
  }
}

/** Some bytes of the contents. */
export interface OfflinePart {
  readonly bytes: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** The key material of a solution: the SHA-256 of its secret, which is all that the server keeps of it. */
export const offlineKeyOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** @param description what lists the parts, as JSON. */
export async function* writeOfflineFile(
  header: OfflineHeader,
  secretDigest: Buffer,
  description: unknown,
  parts: readonly OfflinePart[],
): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(description));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(text.length);
  const salt = randomBytes(32);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, lengthBytes + text.length);
  const line = Buffer.from(
    `${JSON.stringify({ format, version: 1, ...header, salt: salt.toString('base64url'), bytes })}\n`,
  );
  const cipher = createCipheriv('aes-256-gcm', fileKey(secretDigest, salt, header.direction), nonce);
  cipher.setAAD(line);
  yield line;
  yield cipher.update(Buffer.concat([length, text]));
  for (const part of parts) {
    let given = 0;
    for await (const chunk of part.open()) {
      given += chunk.byteLength;
      yield cipher.update(chunk);
    }
    if (given !== part.bytes) throw new Error(`a part has ${given} bytes instead of ${part.bytes}`);
  }
  yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
}

/** A file whose header has been read. */
export interface OpenedOfflineFile {
  readonly header: OfflineHeader;
  /**
   * The contents, decrypted. They are authentic only if the stream ends without an error: read it to its end once
   * before anything in it is believed. Rejects with BadOfflineFile.
   */
  readonly contents: (secretDigest: Buffer) => AsyncGenerator<Buffer>;
}

/** Reads a file, and closes it when `use` is done with it. Rejects with BadOfflineFile. */
export async function withOfflineFile<T>(
  stream: Readable,
  use: (opened: OpenedOfflineFile) => Promise<T>,
): Promise<T> {
  try {
    return await use(await openOfflineFile(stream));
  } finally {
    stream.destroy();
  }
}

async function openOfflineFile(stream: AsyncIterable<Uint8Array>): Promise<OpenedOfflineFile> {
  const reader = createByteReader(stream);
  const line = await reader.takeLine(maxHeaderBytes);
  if (line === null) throw new BadOfflineFile('not-one');
  const { salt, bytes, direction, mail, export: exported } = headerFrom(line);
  return {
    header: { direction, mail, export: exported },
    contents: async function* (secretDigest) {
      const key = fileKey(secretDigest, Buffer.from(salt, 'base64url'), direction);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce);
      decipher.setAAD(line);
      for await (const chunk of reader.pass(bytes)) yield decipher.update(chunk);
      decipher.setAuthTag(await reader.take(16));
      if (!(await reader.isAtEnd())) throw new BadOfflineFile('not-authentic');
      try {
        decipher.final();
      } catch {
        throw new BadOfflineFile('not-authentic');
      }
    },
  };
}

/** Reads contents in their order. */
export interface ContentsReader<T> {
  readonly description: T;
  /** The next part. It must be read to its end before the one after it. */
  readonly part: (bytes: number) => AsyncGenerator<Buffer>;
}

/** Rejects with BadOfflineFile `bad-contents` if the description has another shape. */
export async function readContents<T>(
  contents: AsyncIterable<Uint8Array>,
  shape: z.ZodType<T>,
): Promise<ContentsReader<T>> {
  const reader = createByteReader(contents);
  const length = (await reader.take(lengthBytes)).readUInt32BE();
  if (length > maxDescriptionBytes) throw new BadOfflineFile('bad-contents');
  const decoded = shape.safeParse(parsed((await reader.take(length)).toString('utf8')));
  if (!decoded.success) throw new BadOfflineFile('bad-contents');
  return { description: decoded.data, part: reader.pass };
}

/** What is left of a part, or of contents that are only checked. */
export async function readToEnd(bytes: AsyncGenerator<Buffer>): Promise<void> {
  while ((await bytes.next()).done !== true);
}

const format = 'epack-offline';
const lengthBytes = 4;
const maxHeaderBytes = 4096;
const maxDescriptionBytes = 64 * 1024 * 1024;
/** Every file has a key of its own, so its nonce may be the same. */
const nonce = Buffer.alloc(12);

const headerShape = z.object({
  format: z.literal(format),
  version: z.number(),
  direction: z.enum(['to-server', 'to-solution']),
  mail: z.string().min(1).max(320),
  export: z.uuid(),
  salt: z.string().length(43),
  bytes: z.number().int().min(lengthBytes),
});

function headerFrom(line: Buffer): z.output<typeof headerShape> {
  const decoded = headerShape.safeParse(parsed(line.toString('utf8')));
  if (!decoded.success) throw new BadOfflineFile('not-one');
  if (decoded.data.version !== 1) throw new BadOfflineFile('newer-version');
  return decoded.data;
}

const fileKey = (secretDigest: Buffer, salt: Buffer, direction: OfflineDirection): Buffer =>
  Buffer.from(hkdfSync('sha256', secretDigest, salt, `${format} 1 ${direction}`, 32));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Takes a stream apart by lengths. Rejects with BadOfflineFile `cut-off` if it ends before. */
function createByteReader(stream: AsyncIterable<Uint8Array>) {
  const chunks = stream[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    rest = rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([rest, next.value]);
    return true;
  };
  const cut = (bytes: number): Buffer => {
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(bytes);
    return taken;
  };

  async function* pass(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if (rest.length === 0 && !(await more())) throw new BadOfflineFile('cut-off');
      const chunk = cut(Math.min(left, rest.length));
      left -= chunk.length;
      if (chunk.length > 0) yield chunk;
    }
  }

  return {
    pass,
    async take(bytes: number): Promise<Buffer> {
      const taken: Buffer[] = [];
      for await (const chunk of pass(bytes)) taken.push(chunk);
      return Buffer.concat(taken);
    },
    /** Up to its line feed, which is taken too. Null: there is none within `most` bytes. */
    async takeLine(most: number): Promise<Buffer | null> {
      while (!rest.includes(10) && rest.length < most) if (!(await more())) return null;
      const end = rest.indexOf(10);
      return end < 0 || end >= most ? null : cut(end + 1);
    },
    isAtEnd: async (): Promise<boolean> => {
      while (rest.length === 0) if (!(await more())) return true;
      return false;
    },
  };
}
