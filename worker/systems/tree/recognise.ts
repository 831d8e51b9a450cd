import { scopeOf } from '../../pipeline/trouble';
import { joinCalls } from '../join-calls';
import { hashOf } from './sent-content';
import type { PathTree } from './path-tree';
import { isCompatible, isSameItem, itemAt, newItem, type PlacedEntry, placeKey } from './tree-items';
import type { Creation, IndexedItem, KnownItem, TreeIndex } from './tree-index';

/** The known items that entries could be. */
export interface Recalled {
  at(placed: PlacedEntry): KnownItem | undefined;
  /** Items of that identity and kind, at any place. */
  identical(placed: PlacedEntry): readonly KnownItem[];
  /** Files without identity of that size and revision. */
  alike(placed: PlacedEntry): readonly KnownItem[];
  /** An interrupted creation at that place. */
  creation(placed: PlacedEntry): Creation | undefined;
}

/** Makes at most four statements, however many entries there are, and only one if all entries were there before. */
export async function recall(index: TreeIndex, entries: readonly PlacedEntry[]): Promise<Recalled> {
  const atPlaces = new Map(
    (await index.atPlaces(entries)).map((item) => [
      placeKey({ parent: item.parent, name: item.name ?? '' }),
      item,
    ]),
  );
  const at = (placed: PlacedEntry) => atPlaces.get(placeKey(placed));
  const others = entries.filter((placed) => {
    const known = at(placed);
    return known === undefined || !isCompatible(known, placed.entry);
  });
  const identities = await itemsByIdentity(index, others);
  const contents = await itemsByContent(index, others);
  const creations = others.length === 0 ? [] : await index.creationsAt(others);
  const begun = new Map(creations.map((creation) => [placeKey(creation), creation]));
  return {
    at,
    identical: ({ entry }) =>
      (entry.identity === null ? [] : (identities.get(entry.identity) ?? [])).filter(
        ({ isFolder }) => isFolder === entry.isFolder,
      ),
    alike: ({ entry }) => contents.get(contentKey(entry.size, entry.revision)) ?? [],
    creation: (placed) => {
      const creation = begun.get(placeKey(placed));
      return creation?.isFolder === placed.entry.isFolder ? creation : undefined;
    },
  };
}

/** The item that an interrupted creation made. Null: somebody else made what is there. */
export async function madeBy(
  tree: PathTree,
  creation: Creation,
  placed: PlacedEntry,
  signal: AbortSignal,
): Promise<IndexedItem | null> {
  const { entry } = placed;
  if (entry.isFolder !== creation.isFolder) return null;
  if (entry.isFolder || entry.origin === creation.origin) return newItem(placed, creation.origin);
  if (entry.size !== creation.bytes) return null;
  const { hash } = await hashOf(await tree.read(entry, signal));
  return hash === creation.hash ? { ...newItem(placed, creation.origin), hash } : null;
}

/** Entries that were not found by a listing. */
export interface Recognition {
  readonly placed: readonly PlacedEntry[];
  readonly signal: AbortSignal;
}

/** Recognises the entries of all who ask at the same time, and stores the results. */
export const recogniseTogether = (tree: PathTree, index: TreeIndex) =>
  joinCalls({
    run: async (asks: readonly Recognition[]) => {
      const [first] = asks;
      const entries = new Map(asks.flatMap(({ placed }) => placed.map((one) => [placeKey(one), one])));
      if (first === undefined || entries.size === 0) return asks.map(() => []);
      const places = [...entries.keys()];
      const found = await recognise(tree, index, [...entries.values()], first.signal);
      const items = new Map(found.map((item, at) => [places[at] ?? '', item]));
      return asks.map(({ placed }) => placed.flatMap((one) => items.get(placeKey(one)) ?? []));
    },
    isOfOne: (error) => scopeOf(error) === 'entry',
  });

async function recognise(
  tree: PathTree,
  index: TreeIndex,
  entries: readonly PlacedEntry[],
  signal: AbortSignal,
): Promise<readonly IndexedItem[]> {
  const recalled = await recall(index, entries);
  const found = await Promise.all(
    entries.map(async (placed) => {
      const known = recalled.at(placed);
      if (known !== undefined && isCompatible(known, placed.entry)) return itemAt(known, placed);
      const moved = await movedTo(tree, index, recalled.identical(placed), signal);
      if (moved !== null) return itemAt(moved, placed);
      // Without a listing it is not known what happened to the earlier item, so it counts as rewritten.
      if (known?.isFolder === placed.entry.isFolder) return itemAt(known, placed);
      const creation = recalled.creation(placed);
      const made = creation === undefined ? null : await madeBy(tree, creation, placed, signal);
      return made ?? newItemOf(recalled, placed);
    }),
  );
  const isNews = (item: IndexedItem, place: number): boolean => {
    const placed = entries[place];
    const known = placed === undefined ? undefined : recalled.at(placed);
    return known?.key !== item.key || !isSameItem(known, item);
  };
  const news = found.filter(isNews);
  if (news.length > 0) await index.put(news);
  const origins = news.flatMap(({ origin }) => (origin === null ? [] : [origin]));
  if (origins.length > 0) await index.endCreations(origins);
  return found;
}

/** A copy made on the server has the identity and the key of its original, and nobody has asked for it. */
export function newItemOf(recalled: Recalled, placed: PlacedEntry): IndexedItem {
  const isCopy = recalled.identical(placed).length > 0;
  return newItem(isCopy ? { ...placed, entry: { ...placed.entry, origin: null } } : placed, null);
}

/** More copies than anybody makes of a file that is then moved. */
const mostIdentical = 20;

/** The only item of an identity that is no longer where it was. */
export async function movedTo(
  tree: PathTree,
  index: TreeIndex,
  identical: readonly KnownItem[],
  signal: AbortSignal,
): Promise<KnownItem | null> {
  if (identical.length === 0 || identical.length > mostIdentical) return null;
  const located = new Map(
    (await index.byKeys(identical.map(({ key }) => key))).map((item) => [item.key, item.path]),
  );
  const gone: KnownItem[] = [];
  for (const item of identical) {
    const path = located.get(item.key);
    const there = path === undefined ? null : await tree.look(path, signal);
    if (there === null || !isCompatible(item, there)) gone.push(item);
  }
  const [only, ...others] = gone;
  return only !== undefined && others.length === 0 ? only : null;
}

export const contentKey = (bytes: number, revision: string): string => `${bytes} ${revision}`;

async function itemsByIdentity(index: TreeIndex, entries: readonly PlacedEntry[]) {
  const wanted = [
    ...new Set(entries.flatMap(({ entry }) => (entry.identity === null ? [] : [entry.identity]))),
  ];
  const found = new Map<string, KnownItem[]>();
  if (wanted.length === 0) return found;
  for (const item of await index.byIdentities(wanted))
    if (item.identity !== null) found.set(item.identity, [...(found.get(item.identity) ?? []), item]);
  return found;
}

async function itemsByContent(index: TreeIndex, entries: readonly PlacedEntry[]) {
  const wanted = entries.flatMap(({ entry }) =>
    entry.identity === null && !entry.isFolder && entry.size > 0
      ? [{ bytes: entry.size, revision: entry.revision }]
      : [],
  );
  const found = new Map<string, KnownItem[]>();
  if (wanted.length === 0) return found;
  for (const item of await index.byContents(wanted)) {
    const key = contentKey(item.bytes, item.revision);
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  return found;
}
