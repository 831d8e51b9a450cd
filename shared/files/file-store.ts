import type { Readable } from 'node:stream';
import type { PartStore } from './part-store';

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

export interface StoreSpace {
  readonly totalBytes: number;
  /** The bytes that a process without special rights may still write. */
  readonly freeBytes: number;
}

/**
 * The content of an object, all at once or chunk by chunk (for example a `Readable` of bytes). The bytes of a chunk
 * must never change later, because it may be written while the next one is requested.
 */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Many objects that become durable together: on a disk, files are synced while the next ones are written and each
 * folder once. For a prefix that nobody reads yet: an object may be seen half written before `commit` has resolved.
 * A batch that fails, or is given up, is cleaned away with `remove(prefix)`.
 */
export interface WriteBatch {
  /** Writes one object; it survives a power cut only after `commit`. */
  write(key: string, content: FileContent): Promise<StoredFile>;
  /** Resolves when everything written is durable; rejects with the first failure to make it so. */
  commit(): Promise<void>;
}

/**
 * Where uploads, packages and photos live: a directory, or an object store.
 *
 * It offers only what both can do: whole objects written as a stream, ranges read as a stream, listings by prefix.
 * There is no rename and no append. An object appears whole or not at all, and is durable once `write` has resolved.
 *
 * Keys are relative and `/`-separated, without empty, `.` or `..` segments; any other is a mistake of the caller (a
 * `RangeError`).
 */
export interface FileStore {
  /** Null: a directory, in which a file can grow by itself. */
  readonly parts: PartStore | null;
  /** Writes one object, durably. Overwrites. Rejects with the content's own error where the content fails. */
  write(key: string, content: FileContent): Promise<StoredFile>;
  startBatch(): WriteBatch;
  /** For what another library wrote: the object, and the names that lead to it, survive a power cut. */
  makeDurable(key: string): Promise<void>;
  /**
   * A range that goes beyond the end returns the part that exists. Rejects with `not-found` where there is no such
   * object.
   */
  read(key: string, range?: ByteRange): Promise<Readable>;
  /** Null where there is no such object. */
  stat(key: string): Promise<StoredFile | null>;
  /** Every object below the prefix (a folder's key; '' for all), in no particular order. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** Removes every object below the prefix, or the one object with that key. It is no error if there is none. */
  remove(prefix: string): Promise<void>;
  /** How much space there is. Null: there is no limit. */
  space(): Promise<StoreSpace | null>;
  /** Rejects where the store cannot be reached or written. */
  check(): Promise<void>;
}
