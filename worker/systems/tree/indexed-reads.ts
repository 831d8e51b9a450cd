import type { Item, Match, Place } from '../../pipeline/system';
import type { IndexedParts } from './indexed-parts';
import type { PathEntry } from './path-tree';
import { madeBy } from './recognise';
import { hashOf } from './sent-content';
import { isSameItem, itemAt, itemOf, nameOf, pathBelow, type PlacedEntry } from './tree-items';
import type { IndexedItem } from './tree-index';

/** The items as the tree shows them now. In a pair that compares hashes, they have their hashes. */
export async function fetchItems(
  parts: IndexedParts,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Item>> {
  const located = await parts.paths.locate(keys);
  const found = await Promise.all(located.map((known) => parts.paths.look(known, signal)));
  const shown = found
    .flatMap((one) => (one !== null && one.entry.isFolder === one.known.isFolder ? [one] : []))
    .map(({ known, entry }) => ({ known, entry, item: itemAt(known, placeOf(known, entry)) }));
  const changed = shown.filter(({ known, item }) => !isSameItem(known, item)).map(({ item }) => item);
  if (changed.length > 0) await parts.index.put(changed);
  const items = await Promise.all(shown.map(({ item, entry }) => readItem(parts, item, entry, signal)));
  return new Map(items.map((item) => [item.key, item]));
}

/** In a pair that compares hashes, the item has its hash; for this, its content is read once for each revision. */
async function readItem(
  parts: IndexedParts,
  item: IndexedItem,
  entry: PathEntry,
  signal: AbortSignal,
): Promise<Item> {
  const { paths, index, comparison } = parts;
  if (comparison.compare === 'revision' || item.isFolder || item.hash !== null)
    return itemOf(parts, item, entry);
  const { hash } = await hashOf(await paths.read(item.key, entry, signal));
  const read = { ...item, hash };
  await index.put([read]);
  return itemOf(parts, read, entry);
}

export const placeOf = ({ parent, name }: IndexedItem, entry: PathEntry): PlacedEntry => ({
  entry,
  parent,
  name: name ?? '',
});

export async function findItems(
  parts: IndexedParts,
  match: Match,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  switch (match.by) {
    case 'fields':
      return [];
    case 'place':
      return findPlace(parts, match, signal);
    case 'parent':
      return findWithin(parts, match.parent, signal);
    case 'origin':
      return findOrigin(parts, match.key, signal);
  }
}

async function findPlace(
  parts: IndexedParts,
  { parent, name }: Place,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const folder = await pathOf(parts, parent);
  if (folder === null || parts.tree.traits.names.fitting(name) !== null) return [];
  const entry = await parts.tree.look(pathBelow(folder, name), signal);
  return entry === null ? [] : recognised(parts, [{ entry, parent, name: nameOf(entry.path) }], signal);
}

async function findWithin(
  parts: IndexedParts,
  parent: string | null,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const folder = await pathOf(parts, parent);
  if (folder === null) return [];
  const entries = await parts.tree.children(folder, signal);
  return recognised(
    parts,
    entries.map((entry) => ({ entry, parent, name: nameOf(entry.path) })),
    signal,
  );
}

async function recognised(
  parts: IndexedParts,
  placed: readonly PlacedEntry[],
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const items = await parts.recognise({ placed, signal });
  return items.flatMap((item, at) => {
    const entry = placed[at]?.entry;
    return entry === undefined ? [] : [itemOf(parts, item, entry)];
  });
}

/**
 * Finds an item that was created with that key. If the creation was interrupted, it is searched at its intended place.
 */
async function findOrigin(
  parts: IndexedParts,
  origin: string,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const { tree, index } = parts;
  const known = await index.byOrigin(origin);
  const found = await fetchItems(
    parts,
    known.map(({ key }) => key),
    signal,
  );
  if (found.size > 0) return [...found.values()];
  const creation = await index.creationOf(origin);
  const folder = creation === null ? null : await pathOf(parts, creation.parent);
  if (creation === null || folder === null) return [];
  const entry = await tree.look(pathBelow(folder, creation.name), signal);
  if (entry === null) return [];
  const placed = { entry, parent: creation.parent, name: nameOf(entry.path) };
  const [holder] = await index.atPlaces([placed]);
  const made = holder === undefined ? await madeBy(tree, creation, placed, signal) : null;
  if (made === null) return [];
  await index.put([made]);
  await index.endCreations([origin]);
  return [itemOf(parts, made, entry)];
}

/** The path of a folder. Null: it has none. */
export async function pathOf({ paths }: IndexedParts, key: string | null): Promise<string | null> {
  if (key === null) return '';
  const [folder] = await paths.locate([key]);
  return folder?.isFolder === true ? folder.path : null;
}
