import type { Item } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { madeBy, movedTo, newItemOf, type Recalled, recall } from './recognise';
import type { PathEntry, PathTree } from './path-tree';
import type { LivePaths } from './live-paths';
import { createSeenNumbers, type SeenNumbers } from './seen-numbers';
import {
  folderOf,
  isCompatible,
  isSameItem,
  itemAt,
  itemOf,
  nameOf,
  newItem,
  type PlacedEntry,
  type TreeComparison,
} from './tree-items';
import type { IndexedItem, KnownItem, ListedEntry, TreeIndex } from './tree-index';

export interface ListingParts {
  readonly tree: PathTree;
  readonly index: TreeIndex;
  readonly paths: LivePaths;
  readonly comparison: TreeComparison;
  readonly isLeftOut: (path: string) => boolean;
  readonly signal: AbortSignal;
}

const pageSize = 1_000;

/**
 * All items of a tree, a page at a time. Items at their earlier place are reported at once. New or different items may
 * have been elsewhere before: they are put aside in the database until the listing is complete, because only then is it
 * known which items are missing.
 */
export async function* listIndexed(parts: ListingParts): AsyncGenerator<readonly Item[]> {
  const listing = openListing(parts);
  await parts.index.clearAside();
  for await (const page of parts.tree.list(parts.signal, parts.isLeftOut)) yield* listing.told(page);
  yield* listing.aside();
  await listing.end();
}

interface Listing extends ListingParts {
  readonly seen: SeenNumbers;
  readonly folders: Map<string, string | null>;
  readonly open: Set<string>;
  places: number;
}

function openListing(parts: ListingParts) {
  const listing: Listing = {
    ...parts,
    seen: createSeenNumbers(),
    folders: new Map([['', null]]),
    open: new Set(),
    places: 0,
  };
  return {
    async *told(page: readonly PathEntry[]): AsyncGenerator<readonly Item[]> {
      for (let start = 0; start < page.length; start += pageSize)
        yield* inRounds(listing, page.slice(start, start + pageSize), (placed) =>
          tellOrPutAside(listing, placed),
        );
    },
    async *aside(): AsyncGenerator<readonly Item[]> {
      if (listing.places === 0) return;
      listing.open.clear();
      for (let after = 0; ;) {
        const page = await parts.index.aside(after, pageSize);
        yield* inRounds(listing, page, (placed) => decide(listing, placed));
        after = page.at(-1)?.place ?? after;
        if (page.length < pageSize) break;
      }
      await parts.index.clearAside();
    },
    end: () => noteLost(listing),
  };
}

type Told = { readonly item: IndexedItem; readonly entry: PathEntry };

/**
 * A folder and its contents may be on one page. They are handled level by level, so that the folder gets its key first.
 */
async function* inRounds(
  listing: Listing,
  page: readonly PathEntry[],
  tell: (placed: readonly PlacedEntry[]) => Promise<readonly Told[]>,
): AsyncGenerator<readonly Item[]> {
  let left = [...new Map(page.map((entry) => [entry.path, entry])).values()];
  while (left.length > 0) {
    const { placed, open, later } = await placeEntries(listing, left);
    await putAside(listing, open);
    if (placed.length === 0) return;
    const told = await tell(placed);
    for (const { item, entry } of told) if (item.isFolder) rememberFolder(listing, entry.path, item.key);
    if (told.length > 0) yield told.map(({ item, entry }) => itemOf(listing, item, entry));
    left = later;
  }
}

interface Placing {
  readonly placed: readonly PlacedEntry[];
  /** Entries whose folder was put aside. */
  readonly open: PathEntry[];
  /** Entries whose folder is on the same page. */
  readonly later: PathEntry[];
}

async function placeEntries(listing: Listing, entries: readonly PathEntry[]): Promise<Placing> {
  const paths = new Set(entries.map(({ path }) => path));
  const placed: PlacedEntry[] = [];
  const open: PathEntry[] = [];
  const later: PathEntry[] = [];
  for (const entry of entries) {
    const folder = folderOf(entry.path);
    if (isOpen(listing, folder)) open.push(entry);
    else if (paths.has(folder)) later.push(entry);
    else {
      const parent = await keyOfFolder(listing, folder);
      if (parent === undefined)
        throw new Trouble(
          'unavailable',
          `the listing names ${entry.path}, and not the folder that it lies in`,
        );
      placed.push({ entry, parent, name: nameOf(entry.path) });
    }
  }
  return { placed, open, later };
}

function isOpen({ open }: Listing, folder: string): boolean {
  if (open.size === 0) return false;
  for (let path = folder; path !== ''; path = folderOf(path)) if (open.has(path)) return true;
  return false;
}

const mostFolders = 50_000;

function rememberFolder({ folders }: Listing, path: string, key: string): void {
  folders.set(path, key);
  if (folders.size <= mostFolders) return;
  for (const oldest of folders.keys()) {
    if (oldest === '') continue;
    folders.delete(oldest);
    return;
  }
}

/** Undefined: the folder is not known. */
async function keyOfFolder(listing: Listing, path: string): Promise<string | null | undefined> {
  const known = listing.folders.get(path);
  if (known !== undefined) return known;
  const parent = await keyOfFolder(listing, folderOf(path));
  if (parent === undefined) return undefined;
  const [item] = await listing.index.atPlaces([{ parent, name: nameOf(path) }]);
  if (item?.isFolder !== true) return undefined;
  rememberFolder(listing, path, item.key);
  return item.key;
}

// While the tree is listed

async function tellOrPutAside(listing: Listing, entries: readonly PlacedEntry[]): Promise<readonly Told[]> {
  const recalled = await recall(listing.index, entries);
  const told: Told[] = [];
  const aside: PathEntry[] = [];
  const changed: IndexedItem[] = [];
  for (const placed of entries) {
    const { entry } = placed;
    const known = recalled.at(placed);
    if (known !== undefined && isCompatible(known, entry)) {
      const item = itemAt(known, placed);
      listing.seen.add(known.number);
      if (!isSameItem(known, item)) changed.push(item);
      told.push({ item, entry });
    } else if (known === undefined && isUnknown(recalled, placed)) {
      const item = newItem(placed, null);
      changed.push(item);
      told.push({ item, entry });
    } else aside.push(entry);
  }
  await store(listing, changed);
  await putAside(listing, aside);
  return told;
}

const isUnknown = (recalled: Recalled, placed: PlacedEntry): boolean =>
  recalled.identical(placed).length === 0 &&
  recalled.alike(placed).length === 0 &&
  recalled.creation(placed) === undefined;

async function putAside(listing: Listing, entries: readonly PathEntry[]): Promise<void> {
  if (entries.length === 0) return;
  for (const { path, isFolder } of entries) if (isFolder) listing.open.add(path);
  const listed = entries.map((entry): ListedEntry => ({ ...entry, place: (listing.places += 1) }));
  await listing.index.putAside(listed);
}

async function store(listing: Listing, items: readonly IndexedItem[]): Promise<void> {
  if (items.length === 0) return;
  for (const { number } of await listing.index.put(items)) listing.seen.add(number);
}

// When the listing is complete

/**
 * An entry that was put aside is the first of these that applies: the item with its identity, if that is no longer at
 * its earlier place; the item at the same place, rewritten; the only missing file of that size and revision; the result
 * of an interrupted creation; or a new item.
 */
async function decide(listing: Listing, entries: readonly PlacedEntry[]): Promise<readonly Told[]> {
  const recalled = await recall(listing.index, entries);
  const claimed = await claimedIdentities(listing, recalled, entries);
  const taken = new Set<string>();
  const told: Told[] = [];
  const changed: IndexedItem[] = [];
  const origins: string[] = [];
  for (const placed of entries) {
    const known = await knownAs(listing, recalled, { placed, claimed, taken });
    const made = known === null ? await madeHere(listing, recalled, placed) : null;
    const item = known === null ? (made ?? newItemOf(recalled, placed)) : itemAt(known, placed);
    if (known !== null) {
      taken.add(known.key);
      listing.seen.add(known.number);
    }
    if (made?.origin) origins.push(made.origin);
    if (known === null || !isSameItem(known, item)) changed.push(item);
    told.push({ item, entry: placed.entry });
  }
  await store(listing, changed);
  if (origins.length > 0) await listing.index.endCreations(origins);
  return told;
}

interface Deciding {
  readonly placed: PlacedEntry;
  /** Identities of items that were listed elsewhere and whose earlier places other items have now. */
  readonly claimed: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

async function knownAs(listing: Listing, recalled: Recalled, deciding: Deciding): Promise<KnownItem | null> {
  const { placed, claimed, taken } = deciding;
  const { tree, index, seen, signal } = listing;
  const isFree = ({ key, number }: KnownItem) => !taken.has(key) && !seen.has(number);
  const here = recalled.at(placed);
  const isHere = here?.isFolder === placed.entry.isFolder && isFree(here);
  // A folder that was moved keeps its contents, also if there are copies of them.
  if (isHere && here.identity !== null && here.identity === placed.entry.identity) return here;
  const identical = recalled.identical(placed).filter(({ key }) => !taken.has(key));
  const free = onlyOf(identical.filter(isFree), placed);
  if (free !== null) return free;
  // An item that was seen and is gone now was moved while the tree was listed.
  const moved = identical.some(isFree) ? null : await movedTo(tree, index, identical, signal);
  if (moved !== null) return moved;
  if (isHere && (here.identity === null || !claimed.has(here.identity))) return here;
  return onlyAlike(listing, recalled.alike(placed).filter(isFree), placed);
}

/** The only one, or the only one that stayed in its folder. Copies made on a server have the identity of their original. */
function onlyOf(items: readonly KnownItem[], { parent }: PlacedEntry): KnownItem | null {
  const [only, ...others] = items.length > 1 ? items.filter((item) => item.parent === parent) : items;
  return only !== undefined && others.length === 0 ? only : null;
}

async function onlyAlike(
  { index }: Listing,
  alike: readonly KnownItem[],
  { entry }: PlacedEntry,
): Promise<KnownItem | null> {
  const [only, ...others] = alike;
  if (only === undefined || others.length > 0) return null;
  const count = await index.contentsAside({ bytes: entry.size, revision: entry.revision });
  return count === 1 ? only : null;
}

async function madeHere(
  { tree, signal }: Listing,
  recalled: Recalled,
  placed: PlacedEntry,
): Promise<IndexedItem | null> {
  const creation = recalled.creation(placed);
  return creation === undefined ? null : madeBy(tree, creation, placed, signal);
}

async function claimedIdentities(
  { index }: Listing,
  recalled: Recalled,
  entries: readonly PlacedEntry[],
): Promise<ReadonlySet<string>> {
  const identities = entries.flatMap((placed) => {
    const known = recalled.at(placed);
    const identity = known?.identity ?? null;
    return identity === null || identity === placed.entry.identity ? [] : [identity];
  });
  return identities.length === 0 ? new Set() : index.identitiesAside(identities);
}

/** Records the items that the index knows and the listing lacked. */
async function noteLost({ index, seen }: Listing): Promise<void> {
  if ((await index.count()) === seen.size) return;
  for (let after = 0; ;) {
    const page = await index.page(after, pageSize * 10);
    const lost = page.filter(({ number }) => !seen.has(number)).map(({ key }) => key);
    if (lost.length > 0) await index.lost(lost);
    after = page.at(-1)?.number ?? after;
    if (page.length < pageSize * 10) return;
  }
}
