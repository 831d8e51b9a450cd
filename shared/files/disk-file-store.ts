import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { notFound } from '../errors/catalog';
import type { ByteRange, FileStore, StoredFile } from './file-store';

/** The file store in a directory. Every file and every folder that a write made is fsynced before it resolves. */
export function createDiskFileStore(root: string): FileStore {
  return {
    async write(key, content) {
      const target = locate(root, key);
      await makeFolder(path.dirname(target));
      const bytes = await writeDurably(target, content);
      await syncFolder(path.dirname(target));
      return { key, bytes };
    },

    async read(key, range) {
      const file = await open(locate(root, key)).catch(absentAsNotFound);
      return createReadStream('', { fd: file, ...rangeOptions(range), highWaterMark: 256 * 1024 });
    },

    async stat(key) {
      const found = await stat(locate(root, key)).catch(absentAsNull);
      return found?.isFile() === true ? { key, bytes: found.size } : null;
    },

    list: (prefix) => walk(locate(root, prefix), prefix),

    async remove(prefix) {
      await rm(locate(root, prefix), { recursive: true, force: true });
    },

    async check() {
      await mkdir(root, { recursive: true });
      const probe = await open(path.join(root, '.writable'), 'w');
      await probe.close();
    },
  };

  /** A new folder is durable only once its parent has been synced. */
  async function makeFolder(folder: string): Promise<void> {
    const firstMade = await mkdir(folder, { recursive: true });
    if (firstMade === undefined) return;
    for (let made = folder; made.length >= firstMade.length; made = path.dirname(made)) {
      await syncFolder(path.dirname(made));
    }
  }
}

/** Turns a key into a path, and refuses one that would leave the root: the last line of defence, not the first. */
function locate(root: string, key: string): string {
  const target = path.resolve(root, key);
  if (target !== path.resolve(root) && !target.startsWith(path.resolve(root) + path.sep)) {
    throw new RangeError('a file store key leaves the store');
  }
  return target;
}

async function writeDurably(target: string, content: Readable | Uint8Array): Promise<number> {
  const file = await open(target, 'w');
  try {
    let bytes = 0;
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      const buffer = chunk as Uint8Array;
      await writeAll(file, buffer);
      bytes += buffer.byteLength;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, buffer: Uint8Array): Promise<void> {
  for (let offset = 0; offset < buffer.byteLength; ) {
    const { bytesWritten } = await file.write(buffer, offset);
    offset += bytesWritten;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* walk(folder: string, key: string): AsyncGenerator<StoredFile> {
  const entries = await opendir(folder).catch(absentAsNull);
  if (entries === null) return;
  for await (const entry of entries) {
    const childKey = `${key.replace(/\/$/, '')}/${entry.name}`;
    const child = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(child, childKey);
    else if (entry.isFile()) yield { key: childKey, bytes: (await stat(child)).size };
  }
}

const rangeOptions = (range: ByteRange | undefined) =>
  range === undefined ? {} : { start: range.start, end: range.end };

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function absentAsNull(error: unknown): null {
  if (isAbsent(error)) return null;
  throw error;
}

function absentAsNotFound(error: unknown): never {
  throw isAbsent(error) ? notFound('file') : error;
}
