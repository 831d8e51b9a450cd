import type { Readable } from 'node:stream';

/** Inclusive byte positions, as in an HTTP range. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  /** `/`-separated, relative, e.g. `uploads/<sync>/unpacked/xml/Fridges.xml`. */
  readonly key: string;
  readonly bytes: number;
}

/**
 * Where uploads, packages and photos live: a directory, or an object store.
 *
 * Only what both can do is offered: whole objects written as a stream, ranges read as a stream, listings by
 * prefix. There is no rename and no append. An object is durable once `write` has resolved; what a write that
 * failed or was killed leaves behind is never referred to by the database and is swept by retention.
 */
export interface FileStore {
  /** Writes one object, durably. Overwrites. Rejects with the stream's own error where the stream fails. */
  write(key: string, content: Readable | Uint8Array): Promise<StoredFile>;
  /** Rejects with `not-found` where there is no such object. */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /** Null where there is no such object. */
  stat(key: string): Promise<StoredFile | null>;
  /** Every object below the prefix (a folder's key), in no particular order. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** Removes every object below the prefix, or the one object of that key. Nothing there: nothing happens. */
  remove(prefix: string): Promise<void>;
  /** Rejects where the store cannot be reached or written. */
  check(): Promise<void>;
}
