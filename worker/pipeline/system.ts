import type { Copy, Fields } from '../../shared/domain/merge-copy';

/** What a system can do. The pipeline asks here, never by name. */
export interface Capabilities {
  /**
   * How it finds what changed. `delta`: by its own cursor; `timestamp`: what was changed since a time (some may come
   * twice); `scan`: it lists everything every time.
   */
  readonly changes: 'delta' | 'timestamp' | 'scan';
  /** It lists what was deleted. Else, for a scan, what a whole listing lacks is deleted. */
  readonly tombstones: boolean;
  /** It refuses to write over another revision than the expected one. */
  readonly conditionalWrite: boolean;
  /** Creating the same key twice makes one. */
  readonly idempotentCreate: boolean;
  /** Its items have places: folders, and names in them. */
  readonly tree: boolean;
  /** Its writes are done later. What it holds meanwhile is what it was last seen to hold. */
  readonly deferred: boolean;
}

/** Opaque. Two are compared for equality, nothing else. */
export type Revision = string;

export interface Place {
  /** Key of the folder; null: the root. */
  readonly parent: string | null;
  readonly name: string;
}

/** What one system holds of an entity. */
export interface Item extends Copy {
  /** The system's own key; it never changes. */
  readonly key: string;
  readonly revision: Revision;
  /** Null: the system has no places, or the item is deleted. */
  readonly place: Place | null;
  readonly isFolder: boolean;
  /**
   * The key that its creation was asked for with, which is the other side's own; null: not kept. It tells a creation
   * whose answer was lost from something new.
   */
  readonly origin: string | null;
}

export interface Page {
  readonly items: readonly Item[];
  /** Where the next listing goes on. Only the last page of a whole listing has one: without it, it was partial. */
  readonly cursor: string | null;
}

/** What an item is found by, where its key is not known: the values of some fields, or a place. */
export type Match =
  | { readonly by: 'fields'; readonly fields: Fields }
  | { readonly by: 'place'; readonly parent: string | null; readonly name: string }
  | { readonly by: 'parent'; readonly parent: string };

/** What is to be written. */
export interface Draft {
  readonly fields: Fields;
  readonly place: Place | null;
  readonly isFolder: boolean;
  /**
   * What both sides agree on once this is written. For a system that keeps the mappings itself, to store both in
   * one statement; others ignore it.
   */
  readonly agreed: Copy | null;
}

/** What became of a write. An answer that never came is an error; whether it was written is then not known. */
export type Written =
  | { readonly kind: 'done'; readonly item: Item }
  /** It will be done; the next listing tells. */
  | { readonly kind: 'deferred' }
  /** The item is not as it was expected: look again. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Something that holds items and can be synchronised with another. */
export interface System {
  readonly capabilities: Capabilities;
  /** What changed since a cursor of an earlier listing (null: everything), page by page. */
  list(since: string | null): AsyncIterable<Page>;
  /** Null: not there. */
  fetch(key: string): Promise<Item | null>;
  find(match: Match): Promise<readonly Item[]>;
  /** `key`: what makes the creation repeatable; a system that lets its callers choose takes it as the item's own. */
  create(key: string, draft: Draft): Promise<Written>;
  update(key: string, draft: Draft, expected: Revision): Promise<Written>;
  move(key: string, place: Place, expected: Revision): Promise<Written>;
  /** `agreed`: as in a draft. */
  delete(key: string, expected: Revision, agreed: Copy | null): Promise<Written>;
}
