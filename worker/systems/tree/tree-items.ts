import { createHash, randomUUID } from 'node:crypto';
import type { Side } from '../../pipeline/sides';
import type { Content, Item } from '../../pipeline/system';
import type { LivePaths } from './live-paths';
import type { PathEntry } from './path-tree';
import type { IndexedItem, ItemPlace, KnownItem, LocatedItem } from './tree-index';

/** How the contents of a pair are compared. */
export interface TreeComparison {
  readonly side: Side;
  /** `revision`: by size and revision, without reading them; `hash`: by their bytes. */
  readonly compare: 'revision' | 'hash';
}

export interface ShownParts {
  readonly paths: LivePaths;
  readonly comparison: TreeComparison;
}

/** An entry with its place, by the keys of the index. */
export interface PlacedEntry extends ItemPlace {
  readonly entry: PathEntry;
}

/**
 * The item as the engine sees it. Its revision also changes with its place. In pairs that compare hashes, the content
 * is left out if its hash is not known.
 */
export function itemOf(parts: ShownParts, known: IndexedItem, entry: PathEntry): Item {
  const { key, parent, name, isFolder, origin } = known;
  const item = {
    key,
    revision: revisionOf(known),
    isActive: true,
    fields: {},
    place: { parent, name: name ?? '' },
    isFolder,
    origin,
  };
  const content = isFolder ? null : contentOf(parts, known, entry);
  return content === undefined ? item : { ...item, content };
}

/** The revision of the item as the index knows it. */
export function revisionOf({ parent, name, isFolder, revision }: IndexedItem): string {
  const place = createHash('sha1')
    .update(`${parent ?? ''}/${name ?? ''}`)
    .digest('base64url');
  return `${place.slice(0, 16)} ${isFolder ? 'folder' : revision}`;
}

function contentOf(
  { paths, comparison: { side, compare } }: ShownParts,
  { key, hash, revision, bytes }: IndexedItem,
  entry: PathEntry,
): Content | undefined {
  // The other side cannot compare a revision with its own, so each side has its own kind of hash.
  const mark = compare === 'hash' ? hash : `revision-${side}:${bytes} ${revision}`;
  if (mark === null) return undefined;
  return {
    size: entry.size,
    hash: mark,
    modifiedAt: entry.modifiedAt,
    open: (signal) => paths.read(key, entry, signal),
  };
}

export const newItem = ({ entry, parent, name }: PlacedEntry, origin: string | null): IndexedItem => ({
  key: randomUUID(),
  parent,
  name,
  isFolder: entry.isFolder,
  bytes: entry.size,
  revision: entry.revision,
  hash: ownHash(entry),
  identity: entry.identity,
  origin: entry.origin ?? origin,
});

/** The known item at that place, with its present state. */
export function itemAt(known: IndexedItem, { entry, parent, name }: PlacedEntry): IndexedItem {
  const isSame = known.revision === entry.revision && known.bytes === entry.size;
  return {
    key: known.key,
    parent,
    name,
    isFolder: known.isFolder,
    bytes: entry.size,
    revision: entry.revision,
    hash: ownHash(entry) ?? (isSame ? known.hash : null),
    identity: entry.identity ?? known.identity,
    // A file that somebody copied over it shows the key of another item.
    origin: known.origin,
  };
}

export const isSameItem = (one: IndexedItem, other: IndexedItem): boolean =>
  one.parent === other.parent &&
  one.name === other.name &&
  one.bytes === other.bytes &&
  one.revision === other.revision &&
  one.hash === other.hash &&
  one.identity === other.identity &&
  one.origin === other.origin;

/** The item as the tree showed it when it was last seen. */
export const entryOf = (item: LocatedItem): PathEntry => ({
  path: item.path,
  isFolder: item.isFolder,
  size: item.bytes,
  revision: item.revision,
  hash: item.hash,
  identity: item.identity,
  origin: item.origin,
  modifiedAt: null,
});

/** False: the entry cannot be the item that the index knows at that place, or that item may be elsewhere. */
export const isCompatible = (known: KnownItem, { isFolder, identity }: PathEntry): boolean =>
  known.isFolder === isFolder &&
  (known.identity === null || identity === null || known.identity === identity);

/** The only kind of hash that both sides of a pair can compute. */
const ownHash = ({ hash }: PathEntry): string | null => (hash?.startsWith('sha256:') === true ? hash : null);

export const pathBelow = (folder: string, name: string): string =>
  folder === '' ? name : `${folder}/${name}`;

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const placeKey = ({ parent, name }: ItemPlace): string => `${parent ?? ''}/${name}`;
