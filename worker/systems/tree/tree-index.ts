import type { PathEntry } from './path-tree';

/** What a pair knows of the items of one side whose system has no keys of its own. */
export interface IndexedItem {
  /** Ours; it stays with the item when it is moved or renamed. */
  readonly key: string;
  /** Null: the root. */
  readonly parent: string | null;
  /** Null: another item has its place, and nobody has seen it elsewhere. */
  readonly name: string | null;
  readonly isFolder: boolean;
  readonly bytes: number;
  /** As the tree tells it. */
  readonly revision: string;
  /** Of the content with that revision, `sha256:…`. Null: nobody has read it. */
  readonly hash: string | null;
  readonly identity: string | null;
  /** The key with which its creation was asked for. */
  readonly origin: string | null;
}

export interface KnownItem extends IndexedItem {
  /** Counts the items, so that one bit remembers each. */
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
  /** Of the bytes that were sent; null: of a folder. */
  readonly hash: string | null;
}

/** An entry that a listing cannot tell yet. */
export interface ListedEntry extends PathEntry {
  /** Its place in the listing. */
  readonly place: number;
}

/** The items of one side of a pair. All that writes throws `lease-lost` once another worker has the pair. */
export interface TreeIndex {
  /** With their paths. Those that are nowhere are left out. */
  byKeys(keys: readonly string[]): Promise<readonly LocatedItem[]>;
  /** With their paths. */
  byOrigin(origin: string): Promise<readonly LocatedItem[]>;
  atPlaces(places: readonly ItemPlace[]): Promise<readonly KnownItem[]>;
  /** Those with these identities, wherever they are, or were. */
  byIdentities(identities: readonly string[]): Promise<readonly KnownItem[]>;
  /** Files without identity that have these sizes and revisions. */
  byContents(
    contents: readonly { readonly bytes: number; readonly revision: string }[],
  ): Promise<readonly KnownItem[]>;
  /** Makes items and changes them. Whatever else is at their places has no place from then on. */
  put(items: readonly IndexedItem[]): Promise<readonly KnownItem[]>;
  remove(keys: readonly string[]): Promise<void>;
  count(): Promise<number>;
  /** By their numbers, from the one behind `after`. */
  page(after: number, limit: number): Promise<readonly { readonly key: string; readonly number: number }[]>;
  /** A whole listing lacked these. Those that the one before lacked as well, and that no link holds, are forgotten. */
  lost(keys: readonly string[]): Promise<void>;

  /** What lies in the root, up to so many. */
  atRoot(limit: number): Promise<readonly LocatedItem[]>;
  /** Of the root folder when it was first listed. Null: it was not. */
  rootIdentity(): Promise<string | null>;
  keepRootIdentity(identity: string): Promise<void>;

  begin(creation: Creation): Promise<void>;
  creationsAt(places: readonly ItemPlace[]): Promise<readonly Creation[]>;
  creationOf(origin: string): Promise<Creation | null>;
  endCreations(origins: readonly string[]): Promise<void>;

  /** Puts entries aside until the listing is whole. */
  putAside(entries: readonly ListedEntry[]): Promise<void>;
  aside(after: number, limit: number): Promise<readonly ListedEntry[]>;
  /** Those of the identities that entries have that were put aside. */
  identitiesAside(identities: readonly string[]): Promise<ReadonlySet<string>>;
  /** How many of the files that were put aside have this size and revision. */
  contentsAside(content: { readonly bytes: number; readonly revision: string }): Promise<number>;
  clearAside(): Promise<void>;
}
