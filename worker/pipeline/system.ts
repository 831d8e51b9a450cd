import type { Copy, Fields } from '../../shared/domain/merge-copy';

/** What a system can do. The engine asks here, never by name. */
export interface Capabilities {
  /**
   * How it finds what changed. `delta`: by its own cursor; `timestamp`: what was changed since a time (some may come
   * twice); `scan`: it lists everything every time.
   */
  readonly changes: 'delta' | 'timestamp' | 'scan';
  /** `each`: every deletion is told; `tops`: of a deleted folder the folder alone; `none`: only a whole listing tells. */
  readonly deletions: 'each' | 'tops' | 'none';
  /** `checked`: no precondition; the engine looks right before it writes, and someone may still be faster. */
  readonly writes: 'conditional' | 'checked';
  /** `keyed`: creating one key twice makes one; `found`: no, but an item can be found by its key; `plain`: neither. */
  readonly creates: 'keyed' | 'found' | 'plain';
  /** What the answer of a write shows. `sent`, `nothing`: the engine fetches what became of it. */
  readonly answers: 'stored' | 'sent' | 'nothing';
  /** Its items have places: folders, and names in them. Null: it has none. */
  readonly tree: NameRules | null;
  /** Its items have content. Null: none has. */
  readonly content: { readonly maxBytes: number | null } | null;
  /** Its writes are done later. What it holds meanwhile is what it was last seen to hold. */
  readonly deferred: boolean;
  /** How many keys one `fetch` may name. */
  readonly batch: number;
}

/** How a system treats names. */
export interface NameRules {
  /** `readme` and `README` are one name. */
  readonly isCaseBlind: boolean;
  /** The Unicode form that it gives every name. */
  readonly form: 'NFC' | 'NFD' | 'any';
  /** Null: a name may be written so. Else how it must be written (`a:b` → `a_b`). */
  fitting(name: string): string | null;
}

/** Opaque. Two are compared for equality, nothing else. */
export type Revision = string;

/** Opaque: where a listing goes on. */
export type Cursor = string;

export interface Place {
  /** Key of the folder; null: the root. */
  readonly parent: string | null;
  readonly name: string;
}

/** The bytes of an item, not yet read. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** With its kind, e.g. `sha256:9f86…`. Null: the system keeps none. */
  readonly hash: string | null;
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** What one system holds of an entity. */
export interface Item extends Copy {
  /** The system's own key; it never changes. */
  readonly key: string;
  readonly revision: Revision;
  /** Null: the system has no places, or the item is deleted. */
  readonly place: Place | null;
  readonly isFolder: boolean;
  /** The key that its creation was asked for with; null: not kept. It tells a lost answer from something new. */
  readonly origin: string | null;
  /** A listing may leave it out: then `fetch` has it. Null: it has none. */
  readonly content?: Content | null;
  /** Values that cannot be said in the words of the pair. Such an item is looked at no further until it changes. */
  readonly faults?: readonly ValueFault[];
}

export interface ValueFault {
  readonly field: string;
  /** A sentence for a person. */
  readonly reason: string;
}

export interface Page {
  readonly items: readonly Item[];
  /** May be kept at once: all before it has been listed. Null: the listing can only start over. */
  readonly cursor: Cursor | null;
  /** The last page, and the listing began at nothing: what it lacks is not there. */
  readonly isWhole: boolean;
}

/** What an item is found by, where its key is not known. */
export type Match =
  /** `isFresh`: what was made a moment ago, by whoever, must be found; nothing that was read before counts. */
  | { readonly by: 'fields'; readonly fields: Fields; readonly isFresh?: boolean }
  | { readonly by: 'place'; readonly parent: string | null; readonly name: string }
  /** All that lies in a folder; null: in the root. */
  | { readonly by: 'parent'; readonly parent: string | null }
  /** The key that it was created with. */
  | { readonly by: 'origin'; readonly key: string };

/** A new item. */
export interface Draft {
  readonly fields: Fields;
  readonly place: Place | null;
  readonly isFolder: boolean;
  readonly content: Content | null;
}

/** What is to be written to an item. */
export interface Patch {
  /** Those that change; null takes a value away. */
  readonly fields: Fields;
  /** The record with its changes, for a system that replaces records. */
  readonly whole: Fields;
  /** Null: the content stays. */
  readonly content: Content | null;
}

export type RefusalCode =
  | 'name-taken'
  /** A folder would lie in itself. */
  | 'cycle'
  | 'no-folder'
  | 'bad-name'
  | 'not-empty'
  | 'too-large'
  | 'duplicate'
  | 'invalid'
  | 'forbidden'
  | 'locked';

/** What became of a write. An answer that never came is an error; whether it was written is then not known. */
export type Written =
  | {
      readonly kind: 'done';
      readonly item: Item;
      /** The system did not show it: it is what was there before, with what was sent. */
      readonly isAssumed?: true;
    }
  /** It will be done; the next listing tells. */
  | { readonly kind: 'deferred' }
  /** The item is not as it was expected. `item`: as it is now, null where it is gone; undefined: the system did not say. */
  | { readonly kind: 'stale'; readonly item?: Item | null }
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      /** A sentence for a person. */
      readonly reason: string;
      /** Those that were refused. */
      readonly fields?: readonly string[];
      /** Of `duplicate`: the items that are in the way. */
      readonly holders?: readonly Item[];
    };

/** Something that holds items and can be synchronised with another. It throws `Trouble`, see trouble.ts. */
export interface System {
  readonly capabilities: Capabilities;
  /** What changed since a cursor of an earlier listing (null: everything), page by page. Throws `cursor-expired`. */
  list(since: Cursor | null, signal: AbortSignal): AsyncIterable<Page>;
  /** At most `batch` keys. Those that are not there are not in the answer. */
  fetch(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  /** Live items. */
  find(match: Match, signal: AbortSignal): Promise<readonly Item[]>;
  /** `key`: what makes the creation repeatable; a system that lets its callers choose takes it as the item's own. */
  create(key: string, draft: Draft, signal: AbortSignal): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  move(key: string, place: Place, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

/** What is gone without a trace. */
export const tombstone = (key: string): Item => ({
  key,
  revision: '',
  isActive: false,
  fields: {},
  place: null,
  isFolder: false,
  origin: null,
});
