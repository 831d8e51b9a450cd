import type { PathEntry } from './path-tree';

/** An item of a side whose system has no keys, as the pair knows it. */
export interface IndexedItem {
  /** The key that the pair gave it; it stays when the item is moved or renamed. */
  readonly key: string;
  /** Null: the root. */
  readonly parent: string | null;
  /** Null: another item has its place, and it was not seen elsewhere. */
  readonly name: string | null;
  readonly isFolder: boolean;
  readonly bytes: number;
  /** The revision from the tree. */
  readonly revision: string;
  /** The hash of the content with that revision, `sha256:…`. Null: it was not read. */
  readonly hash: string | null;
  readonly identity: string | null;
  /** The key with which its creation was requested. */
  readonly origin: string | null;
}

export interface KnownItem extends IndexedItem {
  /** A number for each item, so that one bit is enough to remember that it was seen. */
  readonly number: number;
}

export interface LocatedItem extends KnownItem {
  readonly path: string;
}

export interface ItemPlace {
  readonly parent: string | null;
  readonly name: string;
}

/** An item that is about to be made. */
export interface Creation extends ItemPlace {
  readonly origin: string;
  readonly isFolder: boolean;
  readonly bytes: number;
  /** The hash of the bytes that were sent. Null: it is a folder. */
  readonly hash: string | null;
}

/** An entry that a listing cannot recognise yet. */
export interface ListedEntry extends PathEntry {
  /** Its place in the listing. */
  readonly place: number;
}

/** The items of one side of a pair. Every write throws `lease-lost` if another worker has the pair now. */
export interface TreeIndex {
  /** Items with their paths. Items without a place are left out. */
  byKeys(keys: readonly string[]): Promise<readonly LocatedItem[]>;
  /** With their paths. */
  byOrigin(origin: string): Promise<readonly LocatedItem[]>;
  atPlaces(places: readonly ItemPlace[]): Promise<readonly KnownItem[]>;
  /** Items with these identities, also if they have no place any more. */
  byIdentities(identities: readonly string[]): Promise<readonly KnownItem[]>;
  /** Files without identity that have these sizes and revisions. */
  byContents(
    contents: readonly { readonly bytes: number; readonly revision: string }[],
  ): Promise<readonly KnownItem[]>;
  /** Creates and changes items. Other items at their places lose these places. */
  put(items: readonly IndexedItem[]): Promise<readonly KnownItem[]>;
  remove(keys: readonly string[]): Promise<void>;
  count(): Promise<number>;
  /** In the order of their numbers, from the next one after `after`. */
  page(after: number, limit: number): Promise<readonly { readonly key: string; readonly number: number }[]>;
  /**
   * Records that a complete listing lacked these items. Those that the previous listing lacked as well, and that have
   * no link, are forgotten.
   */
  lost(keys: readonly string[]): Promise<void>;

  /** The items in the root, at most so many. */
  atRoot(limit: number): Promise<readonly LocatedItem[]>;
  /** The identity of the root folder when it was first listed. Null: it was never listed. */
  rootIdentity(): Promise<string | null>;
  keepRootIdentity(identity: string): Promise<void>;

  begin(creation: Creation): Promise<void>;
  creationsAt(places: readonly ItemPlace[]): Promise<readonly Creation[]>;
  creationOf(origin: string): Promise<Creation | null>;
  endCreations(origins: readonly string[]): Promise<void>;

  /** Puts entries aside until the listing is complete. */
  putAside(entries: readonly ListedEntry[]): Promise<void>;
  aside(after: number, limit: number): Promise<readonly ListedEntry[]>;
  /** Those of the identities that entries have which were put aside. */
  identitiesAside(identities: readonly string[]): Promise<ReadonlySet<string>>;
  /** How many of the files that were put aside have this size and revision. */
  contentsAside(content: { readonly bytes: number; readonly revision: string }): Promise<number>;
  clearAside(): Promise<void>;
}
