import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';

// The door to yazl.

export interface ZipEntry {
  /** `/`-separated and relative, e.g. `xml/Fridges-u.xml`. */
  readonly name: string;
  /** A function is called when it is the entry's turn, so that only one source is open at a time. */
  readonly content: string | Uint8Array | (() => Readable);
  /** False for what is compressed already, as photos are. Default true. */
  readonly compress?: boolean;
}

/**
 * A zip archive of the entries, written as it is read: memory grows with neither an entry's size nor their sum. The
 * same entries give the same bytes, whatever the time and the time zone.
 *
 * The next entry is asked for only when the one before has been read to its end; so a manifest can come last.
 * Fails with the error of the entries or of a content; a content that is open when the archive is given up is closed.
 */
export function zipStream(entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>): Readable {
  const zip = new ZipFile();
  const output = zip.outputStream.pipe(new PassThrough());
  const giveUp = (error: unknown) =>
    output.destroy(error instanceof Error ? error : new Error(String(error)));
  zip.on('error', giveUp);
  // Who reads gets the error. Where nobody reads yet, it must not end the process.
  output.on('error', () => undefined);
  addEntries(zip, entries, output).catch(giveUp);
  return output;
}

async function addEntries(
  zip: ZipFile,
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  output: Readable,
): Promise<void> {
  let content: OpenContent | null = null;
  output.once('close', () => content?.source.destroy());
  for await (const entry of entries) {
    if (isBrief(entry.content)) {
      zip.addBuffer(bytesOf(entry.content), entry.name, { ...sameForAll, compress: false });
      continue;
    }
    if (isSmall(entry.content)) {
      zip.addBuffer(bytesOf(entry.content), entry.name, { ...sameForAll, compress: entry.compress ?? true });
      continue;
    }
    content = await itsTurn(zip, entry);
    if (output.destroyed) content.source.destroy();
    await content.readToEnd;
  }
  zip.end();
}

/** Content up to this size is stored, because compressing it costs more than it saves: it fits into one packet anyway. */
const BRIEF_BYTES = 1024;

const isBrief = (content: ZipEntry['content']): content is string | Uint8Array =>
  typeof content !== 'function' && content.length <= BRIEF_BYTES;

/** Content up to this size is packed at once: a stream for it costs more than packing it. */
const SMALL_BYTES = 16 * 1024;

const isSmall = (content: ZipEntry['content']): content is string | Uint8Array =>
  typeof content !== 'function' && content.length <= SMALL_BYTES;

const bytesOf = (content: string | Uint8Array): Buffer =>
  typeof content === 'string'
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength);

interface OpenContent {
  readonly source: Readable;
  readonly readToEnd: Promise<void>;
}

/** Resolves with the entry's content when yazl begins to read it. */
function itsTurn(zip: ZipFile, entry: ZipEntry): Promise<OpenContent> {
  const options = { ...sameForAll, compress: entry.compress ?? true };
  return new Promise((resolve, reject) => {
    zip.addReadStreamLazy(entry.name, options, (give) => {
      try {
        const source = open(entry.content);
        resolve({ source, readToEnd: finished(source, { writable: false }) });
        give(null, source);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function open(content: ZipEntry['content']): Readable {
  if (typeof content === 'function') return content();
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Readable.from(bytes.byteLength === 0 ? [] : [bytes], { objectMode: false });
}

/** The earliest time that a zip can hold, in the local time that it is held in: the same bytes in every time zone. */
const sameForAll = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true };
