import type { Reason } from '../../shared/domain/reason';
import type { ValueProblem } from '../../shared/domain/value-problem';
import type { Copy, Fields } from '../../shared/domain/merge-copy';

/** The capabilities of a system. The engine only uses these, never the kind of the system. */
export interface Capabilities {
  /**
   * How it finds what changed. `delta`: by its own cursor; `timestamp`: what was changed since a time (some may come
   * twice); `scan`: it lists everything every time.
   */
  readonly changes: 'delta' | 'timestamp' | 'scan';
  /**
   * `each`: every deletion is reported; `tops`: for a deleted folder, only the folder; `none`: only a whole listing
   * shows deletions.
   */
  readonly deletions: 'each' | 'tops' | 'none';
  /**
   * `checked`: there are no preconditions. The engine checks right before it writes, but a change in between is
   * possible.
   */
  readonly writes: 'conditional' | 'checked';
  /**
   * `keyed`: creating the same key twice makes one item; `found`: it makes two, but an item can be found by its key;
   * `plain`: neither.
   */
  readonly creates: 'keyed' | 'found' | 'plain';
  /** What the answer to a write contains. For `sent` and `nothing`, the engine fetches the item afterwards. */
  readonly answers: 'stored' | 'sent' | 'nothing';
  /** Its items have places: folders, and names in them. Null: it has none. */
  readonly tree: NameRules | null;
  /** Its items have content. Null: none has. */
  readonly content: { readonly maxBytes: number | null } | null;
  /** True: writes are done later. Until then, the system has what it was last seen to have. */
  readonly deferred: boolean;
  /** How many keys one `fetch` may name. */
  readonly batch: number;
  /** How many entries may be in progress at once, if calls are so cheap that more than the usual number pay. */
  readonly entriesAtOnce?: number;
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

/** Opaque. The place where a listing continues. */
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
  /** When it was last changed, as its system says. Nothing is decided by it. */
  readonly modifiedAt?: Date | null;
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
  /**
   * The key with which its creation was requested. Null: not stored. It shows whether an item comes from a call whose
   * answer was lost.
   */
  readonly origin: string | null;
  /** A listing may leave it out. `fetch` then returns it. Null: there is no content. */
  readonly content?: Content | null;
  /** Values that cannot be translated by the pair. Such an item is not processed until it changes. */
  readonly faults?: readonly ValueFault[];
}

export interface ValueFault {
  readonly field: string;
  readonly problem: ValueProblem;
}

export interface Page {
  readonly items: readonly Item[];
  /** May be stored at once, because everything before it has been listed. Null: the listing can only start again. */
  readonly cursor: Cursor | null;
  /** True: this is the last page of a listing from the beginning, so items that it lacks do not exist. */
  readonly isWhole: boolean;
  /** Keys of items that are there and are not looked at, whatever they show. */
  readonly leftOut?: readonly string[];
}

/** How an item is found without its key. */
export type Match =
  /** `isFresh`: items that were just created must be found, so no cached data may be used. */
  | { readonly by: 'fields'; readonly fields: Fields; readonly isFresh?: boolean }
  | { readonly by: 'place'; readonly parent: string | null; readonly name: string }
  /** All items in a folder. Null: in the root. */
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

/** The result of a write. If no answer comes, that is an error, and it is not known whether the item was written. */
export type Written =
  | {
      readonly kind: 'done';
      readonly item: Item;
      /** The system did not show it: it is what was there before, with what was sent. */
      readonly isAssumed?: true;
    }
  /** It will be done later. The next listing shows it. */
  | { readonly kind: 'deferred' }
  /** The item is not as expected. `item`: its current state. Null: it is gone. Undefined: not known. */
  | { readonly kind: 'stale'; readonly item?: Item | null }
  | Refusal;

/** See refusal.ts. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** The sentence for programs. */
  readonly reason: string;
  /** The same for people, in any language. */
  readonly why: Reason;
  /** Those that were refused. */
  readonly fields?: readonly string[];
  /** Of `duplicate`: the items that are in the way. */
  readonly holders?: readonly Item[];
}

/** Something that holds items and can be synchronised with another. It throws `Trouble`, see trouble.ts. */
export interface System {
  readonly capabilities: Capabilities;
  /**
   * Lists the changes since a cursor of an earlier listing (null: everything), page by page. Throws `cursor-expired`.
   */
  list(since: Cursor | null, signal: AbortSignal): AsyncIterable<Page>;
  /** At most `batch` keys. Those that are not there are not in the answer. */
  fetch(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  /** Live items. */
  find(match: Match, signal: AbortSignal): Promise<readonly Item[]>;
  /** `key` makes the creation repeatable. A system that lets its callers choose keys uses it as the key of the item. */
  create(key: string, draft: Draft, signal: AbortSignal): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  move(key: string, place: Place, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

/** An item that is gone without a trace. */
export const tombstone = (key: string): Item => ({
  key,
  revision: '',
  isActive: false,
  fields: {},
  place: null,
  isFolder: false,
  origin: null,
});
