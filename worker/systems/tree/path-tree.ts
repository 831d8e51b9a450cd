import type { Content, NameRules, RefusalCode } from '../../pipeline/system';
import type { Probe } from '../probe';

/**
 * A tree whose items have no key but their path: a folder of this machine, a WebDAV server. The index of a pair gives its
 * items keys and makes a `System` of it.
 *
 * Paths go from the root of the pair, with `/` between names, names as the system writes them; the root is ''. Every
 * method throws `Trouble`; `root-missing` where the root itself is not there.
 */
export interface PathTree {
  readonly traits: TreeTraits;
  /**
   * Everything below the root, a folder before what lies in it. It ends only if everything could be listed. `isLeftOut`:
   * paths that need not be listed, nor what lies below them.
   */
  list(signal: AbortSignal, isLeftOut?: (path: string) => boolean): AsyncIterable<readonly PathEntry[]>;
  /** What lies in a folder, without what lies deeper. */
  children(path: string, signal: AbortSignal): Promise<readonly PathEntry[]>;
  /** Null: nothing is there. */
  look(path: string, signal: AbortSignal): Promise<PathEntry | null>;
  /** The bytes of a file as it was listed. Throws where it is no longer that file, so that no mixture is read. */
  read(entry: PathEntry, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  makeFolder(path: string, wish: NewEntry, signal: AbortSignal): Promise<TreeWritten>;
  /** The file is seen under its name only once it is complete. Nothing may be at `path`. */
  makeFile(path: string, content: Content, wish: NewEntry, signal: AbortSignal): Promise<TreeWritten>;
  /** As `makeFile`, in place of what was looked at as `expected`. If that has changed, the answer is `stale`. */
  replaceFile(expected: PathEntry, content: Content, signal: AbortSignal): Promise<TreeWritten>;
  /** Nothing may be at `path`, except the item itself in another spelling. */
  move(expected: PathEntry, path: string, signal: AbortSignal): Promise<TreeWritten>;
  /** A folder goes only if it is empty. */
  remove(expected: PathEntry, signal: AbortSignal): Promise<TreeRemoved>;
  /** Tells the root from another folder at its place, as where nothing is mounted. Left out: the system cannot tell. */
  rootIdentity?(signal: AbortSignal): Promise<string>;
  /** Asks the server what it really does, and leaves nothing behind. */
  probe(signal: AbortSignal): Promise<Probe>;
  close(): Promise<void>;
}

/** What the tree was seen to do. */
export interface TreeTraits {
  readonly names: NameRules;
  /** `checked`: the tree is only looked at right before a write, so a change in between is possible. */
  readonly writes: 'conditional' | 'checked';
  /** Null: no limit is known. */
  readonly maxFileBytes: number | null;
}

/** What is at a path. */
export interface PathEntry {
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes. 0 for a folder. */
  readonly size: number;
  /** Another one: its content is another. Of a folder it says nothing. */
  readonly revision: string;
  /** With its kind, e.g. `sha256:9f86…`. Null: the system keeps none that can be trusted. */
  readonly hash: string | null;
  /** Stays with the item when it is moved, and no other item has it. Null: the system has no such thing. */
  readonly identity: string | null;
  /** The key with which its creation was requested, where the system can keep it. */
  readonly origin: string | null;
  /** When its content was last changed, as the system says. Nothing is decided by it. */
  readonly modifiedAt: Date | null;
}

/** What goes with a new item where the system can keep it. */
export interface NewEntry {
  /** The key with which the creation is requested. */
  readonly origin: string;
  readonly modifiedAt: Date | null;
}

export type TreeWritten =
  | { readonly kind: 'done'; readonly entry: PathEntry }
  | TreeRefused
  /** It is not as expected. Null: it is gone. */
  | { readonly kind: 'stale'; readonly entry: PathEntry | null };

export type TreeRemoved = { readonly kind: 'done' } | Exclude<TreeWritten, { readonly kind: 'done' }>;

export interface TreeRefused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** A sentence for a person. */
  readonly reason: string;
}
