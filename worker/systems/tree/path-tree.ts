import type { Content, NameRules, Refusal } from '../../pipeline/system';
import type { Probe } from '../probe';

/**
 * A tree whose items only have a path and no key: a folder on this machine, a WebDAV server. The index of a pair gives
 * its items keys and makes it a `System`.
 *
 * Paths go from the root of the pair, with `/` between names, names as the system writes them; the root is ''. Every
 * method throws `Trouble`, and `root-missing` if the root itself does not exist.
 */
export interface PathTree {
  readonly traits: TreeTraits;
  /**
   * Lists everything below the root, each folder before its contents. It only ends without an error if everything could
   * be listed. `isLeftOut`: paths that need not be listed, together with everything below them.
   */
  list(signal: AbortSignal, isLeftOut?: (path: string) => boolean): AsyncIterable<readonly PathEntry[]>;
  /** The contents of a folder, without deeper ones. */
  children(path: string, signal: AbortSignal): Promise<readonly PathEntry[]>;
  /** Null: nothing is there. */
  look(path: string, signal: AbortSignal): Promise<PathEntry | null>;
  /** The bytes of a file as it was listed. Throws if the file has changed, so that no mixture is read. */
  read(entry: PathEntry, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  makeFolder(path: string, wish: NewEntry, signal: AbortSignal): Promise<TreeWritten>;
  /** The file only becomes visible under its name when it is complete. Nothing may be at `path`. */
  makeFile(path: string, content: Content, wish: NewEntry, signal: AbortSignal): Promise<TreeWritten>;
  /** Like `makeFile`, but replaces the file `expected`. If that file has changed, the result is `stale`. */
  replaceFile(expected: PathEntry, content: Content, signal: AbortSignal): Promise<TreeWritten>;
  /** Nothing may be at `path`, except the item itself in another spelling. */
  move(expected: PathEntry, path: string, signal: AbortSignal): Promise<TreeWritten>;
  /** A folder is only removed if it is empty. */
  remove(expected: PathEntry, signal: AbortSignal): Promise<TreeRemoved>;
  /**
   * Distinguishes the root from another folder at the same path, for example if nothing is mounted there. Left out: the
   * system cannot do this.
   */
  rootIdentity?(signal: AbortSignal): Promise<string>;
  /**
   * Distinguishes the root and the folders above it from all other folders of this machine, the root first. Empty: the
   * root is not there. Left out: the tree is not on this machine.
   */
  rootLocation?(signal: AbortSignal): Promise<readonly string[]>;
  /** Finds out what the server really does, and leaves nothing behind. */
  probe(signal: AbortSignal): Promise<Probe>;
  close(): Promise<void>;
}

/** The observed abilities of the tree. */
export interface TreeTraits {
  readonly names: NameRules;
  /** `checked`: the tree only checks right before a write, so a change in between is possible. */
  readonly writes: 'conditional' | 'checked';
  /** Null: no limit is known. */
  readonly maxFileBytes: number | null;
  /** As in `Capabilities`. */
  readonly entriesAtOnce?: number;
}

/** What is at a path. */
export interface PathEntry {
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes. 0 for a folder. */
  readonly size: number;
  /** If it differs, the content differs. For a folder it means nothing. */
  readonly revision: string;
  /**
   * Also differs if the content was changed without a change of the revision. It may differ although nothing has changed.
   * Left out: the system has nothing of the kind.
   */
  readonly touched?: string;
  /** With its kind, e.g. `sha256:9f86…`. Null: the system has no hash that can be trusted. */
  readonly hash: string | null;
  /** It stays the same when the item is moved, and no other item has it. Null: the system has none. */
  readonly identity: string | null;
  /** The key with which its creation was requested, if the system can store it. */
  readonly origin: string | null;
  /** When its content was last changed, according to the system. It decides nothing. */
  readonly modifiedAt: Date | null;
}

/** What is stored with a new item, if the system can do it. */
export interface NewEntry {
  /** The key with which the creation is requested. */
  readonly origin: string;
  readonly modifiedAt: Date | null;
}

export type TreeWritten =
  | { readonly kind: 'done'; readonly entry: PathEntry }
  | TreeRefused
  /** The item is not as expected. Null: it is gone. */
  | { readonly kind: 'stale'; readonly entry: PathEntry | null };

export type TreeRemoved = { readonly kind: 'done' } | Exclude<TreeWritten, { readonly kind: 'done' }>;

export type TreeRefused = Refusal;
