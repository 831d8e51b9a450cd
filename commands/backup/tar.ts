// The tar format, written and read as a stream: entries of any number and size, in flat memory.
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; sizes of 8 GiB and more as GNU tar
// writes them.

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
  /** Exactly this number of bytes. A reader must read them before the next entry; the rest is skipped. */
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const blockBytes = 512;
const largestOctalSize = 0o77777777777;

/** Fails if a content does not have its declared length. */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const { name, bytes, content } of entries) {
    if (Buffer.byteLength(name) > 100 || !/^[\x20-\x7e]*$/.test(name)) {
      const record = Buffer.from(paxRecord('path', name));
      yield header('PaxHeader', record.length, 'x');
      yield record;
      yield padding(record.length);
      yield header('long-name', bytes, '0');
    } else yield header(name, bytes, '0');
    let written = 0;
    for await (const chunk of content) {
      written += chunk.byteLength;
      yield chunk;
    }
    if (written !== bytes)
      throw new Error(`${name} has ${written} bytes; it had ${bytes} when it was listed.`);
    yield padding(bytes);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** Throws a sentence if it is not a tar archive, or if it was cut off. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = createReader(source);
  let longName: string | null = null;
  for (let isFirst = true; ; isFirst = false) {
    // Data shorter than a block are not an archive.
    const block = await reader.exactly(blockBytes, isFirst ? noArchive : cutOff);
    if (block.every((byte) => byte === 0)) return;
    const parsed = parsedHeader(block);
    if (parsed === null) throw new Error(isFirst ? noArchive : 'The backup is damaged.');
    const { name, bytes, type } = parsed;
    if (type === 'x') {
      longName = pathOf(await reader.exactly(bytes));
      await reader.exactly(padding(bytes).length);
      continue;
    }
    let left = bytes;
    const content = (async function* () {
      while (left > 0) {
        const chunk = await reader.upTo(left);
        left -= chunk.length;
        yield chunk;
      }
    })();
    yield { name: longName ?? name, bytes, content };
    longName = null;
    while (left > 0) left -= (await reader.upTo(left)).length;
    await reader.exactly(padding(bytes).length);
  }
}

function header(name: string, bytes: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0, 100, 'utf8');
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (bytes <= largestOctalSize) block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    block.writeUInt8(0x80, 124);
    block.writeBigUInt64BE(BigInt(bytes), 128);
  }
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Null if it is not a header. */
function parsedHeader(block: Buffer): { name: string; bytes: number; type: string } | null {
  const sum = Number.parseInt(textAt(block, 148, 8), 8);
  const unsigned = Buffer.from(block).fill(' ', 148, 156);
  if (sum !== sumOf(unsigned)) return null;
  const isLarge = block.readUInt8(124) === 0x80;
  return {
    name: textAt(block, 0, 100),
    bytes: isLarge ? Number(block.readBigUInt64BE(128)) : Number.parseInt(textAt(block, 124, 12), 8),
    type: textAt(block, 156, 1),
  };
}

const sumOf = (block: Buffer): number => block.reduce((sum, byte) => sum + byte, 0);

const textAt = (block: Buffer, start: number, length: number): string =>
  block
    .toString('utf8', start, start + length)
    .replace(/\0[\s\S]*$/, '')
    .trim();

const padding = (bytes: number): Buffer => Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const length = bytes + String(bytes + String(bytes).length).length;
  return `${length}${rest}`;
}

const pathOf = (records: Buffer): string | null =>
  /^\d+ path=(.*)\n$/m.exec(records.toString('utf8'))?.[1] ?? null;

const cutOff = 'The backup is cut off.';
const noArchive = 'This is no backup of this server: it is no tar archive.';

interface Reader {
  /** Throws `ifShort` if the source has fewer. */
  exactly(bytes: number, ifShort?: string): Promise<Buffer>;
  /** At least one byte. */
  upTo(bytes: number): Promise<Buffer>;
}

function createReader(source: AsyncIterable<Uint8Array>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (ifShort: string) => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) throw new Error(ifShort);
      rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
  };
  const upTo = async (bytes: number, ifShort = cutOff): Promise<Buffer> => {
    await fill(ifShort);
    const taken = rest.subarray(0, bytes);
    rest = rest.subarray(taken.length);
    return taken;
  };
  return {
    upTo: (bytes) => upTo(bytes),
    async exactly(bytes, ifShort) {
      const parts: Buffer[] = [];
      for (let left = bytes; left > 0;) {
        const part = await upTo(left, ifShort);
        parts.push(part);
        left -= part.length;
      }
      return Buffer.concat(parts);
    },
  };
}
