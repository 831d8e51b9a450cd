import type {
  Capabilities,
  Draft,
  Item,
  Match,
  Page,
  Patch,
  Place,
  System,
  Written,
} from '../../pipeline/system';
import { tombstone } from '../../pipeline/system';
import { listIndexed } from './indexed-listing';
import { rememberFolders } from './known-folders';
import { createLivePaths } from './live-paths';
import type { PathEntry, PathTree, TreeRefused } from './path-tree';
import { madeBy, type Recognition, recogniseTogether } from './recognise';
import { createRootCheck } from './root-check';
import { hashedOnItsWay, hashOf, type SentBytes } from './sent-content';
import {
  entryOf,
  folderOf,
  isSameItem,
  itemAt,
  itemOf,
  nameOf,
  newItem,
  pathBelow,
  type PlacedEntry,
  revisionOf,
  type ShownParts,
  type TreeComparison,
} from './tree-items';
import type { IndexedItem, LocatedItem, TreeIndex } from './tree-index';

export interface IndexedTreeSettings extends TreeComparison {
  /** Paths that need not be listed. */
  readonly isLeftOut: (path: string) => boolean;
}

/**
 * Makes a system with keys from a tree of paths and the index of a pair. An item keeps its key when it is moved or
 * renamed, if the move can be recognised.
 */
export function indexedTree(tree: PathTree, given: TreeIndex, settings: IndexedTreeSettings): System {
  const index = rememberFolders(given);
  const paths = createLivePaths(tree, index);
  const parts: Parts = {
    tree,
    index,
    paths,
    settings,
    comparison: settings,
    recognise: recogniseTogether(tree, index),
  };
  const atRoot = createRootCheck(tree, index);
  const expecting = async (key: string, expected: string, signal: AbortSignal, write: WriteItem) => {
    await atRoot(signal);
    const [item] = await paths.locate([key]);
    if (item === undefined) return { kind: 'stale', item: null } as const;
    return revisionOf(item) === expected ? write(item) : staleAsItIs(parts, key, signal);
  };
  return {
    capabilities: capabilitiesOf(tree),
    async *list(_, signal) {
      await atRoot(signal);
      yield* list(parts, signal);
    },
    async fetch(keys, signal) {
      await atRoot(signal);
      return fetch(parts, keys, signal);
    },
    async find(match, signal) {
      await atRoot(signal);
      return find(parts, match, signal);
    },
    async create(key, draft, signal) {
      await atRoot(signal);
      return create(parts, key, draft, signal);
    },
    update: (key, patch, expected, signal) =>
      expecting(key, expected, signal, (item) => replace(parts, item, patch, signal)),
    move: (key, place, expected, signal) =>
      expecting(key, expected, signal, (item) => move(parts, item, place, signal)),
    delete: (key, expected, signal) =>
      expecting(key, expected, signal, (item) => remove(parts, item, signal)),
  };
}

/** Writes to an item that is unchanged since it was last read. */
type WriteItem = (item: LocatedItem) => Promise<Written>;

interface Parts extends ShownParts {
  /** Two who find one item that nobody knew would give it two keys, so they find it together, or one after the other. */
  readonly recognise: (asked: Recognition) => Promise<readonly IndexedItem[]>;
  readonly tree: PathTree;
  readonly index: TreeIndex;
  readonly settings: IndexedTreeSettings;
}

const capabilitiesOf = ({ traits }: PathTree): Capabilities => ({
  changes: 'scan',
  deletions: 'none',
  // If the tree has no preconditions, it checks by itself right before each write.
  writes: 'conditional',
  // The tree may store no key, but the index records each creation before the new item is seen.
  creates: 'found',
  answers: 'stored',
  tree: traits.names,
  content: { maxBytes: traits.maxFileBytes },
  deferred: false,
  batch: 200,
  ...(traits.entriesAtOnce === undefined ? {} : { entriesAtOnce: traits.entriesAtOnce }),
});

// Reading

async function* list({ tree, index, paths, settings }: Parts, signal: AbortSignal): AsyncGenerator<Page> {
  const pages = listIndexed({
    tree,
    index,
    paths,
    comparison: settings,
    isLeftOut: settings.isLeftOut,
    signal,
  });
  for await (const items of pages) yield { items, cursor: null, isWhole: false };
  yield { items: [], cursor: null, isWhole: true };
}

async function fetch(
  parts: Parts,
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
  parts: Parts,
  item: IndexedItem,
  entry: PathEntry,
  signal: AbortSignal,
): Promise<Item> {
  const { paths, index, settings } = parts;
  if (settings.compare === 'revision' || item.isFolder || item.hash !== null)
    return itemOf(parts, item, entry);
  const { hash } = await hashOf(await paths.read(item.key, entry, signal));
  const read = { ...item, hash };
  await index.put([read]);
  return itemOf(parts, read, entry);
}

const placeOf = ({ parent, name }: IndexedItem, entry: PathEntry): PlacedEntry => ({
  entry,
  parent,
  name: name ?? '',
});

async function find(parts: Parts, match: Match, signal: AbortSignal): Promise<readonly Item[]> {
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
  parts: Parts,
  { parent, name }: Place,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const folder = await pathOf(parts, parent);
  if (folder === null || parts.tree.traits.names.fitting(name) !== null) return [];
  const entry = await parts.tree.look(pathBelow(folder, name), signal);
  return entry === null ? [] : recognised(parts, [{ entry, parent, name: nameOf(entry.path) }], signal);
}

async function findWithin(
  parts: Parts,
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
  parts: Parts,
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
async function findOrigin(parts: Parts, origin: string, signal: AbortSignal): Promise<readonly Item[]> {
  const { tree, index } = parts;
  const known = await index.byOrigin(origin);
  const found = await fetch(
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
async function pathOf({ paths }: Parts, key: string | null): Promise<string | null> {
  if (key === null) return '';
  const [folder] = await paths.locate([key]);
  return folder?.isFolder === true ? folder.path : null;
}

// Writing

async function create(parts: Parts, origin: string, draft: Draft, signal: AbortSignal): Promise<Written> {
  const { tree, index } = parts;
  if (draft.place === null) return refused('invalid', 'A document has a place.');
  const target = await targetOf(parts, draft.place);
  if ('kind' in target) return target;
  const { path, place } = target;
  const wish = { origin, modifiedAt: draft.content?.modifiedAt ?? null };
  const begun = { ...place, origin, isFolder: draft.isFolder };
  let sent: SentBytes | null = null;
  if (draft.isFolder) await index.begin({ ...begun, bytes: 0, hash: null });
  const content = hashedOnItsWay(draft.content ?? nothing, async (bytes) => {
    sent = bytes;
    await index.begin({ ...begun, ...bytes });
  });
  const written = draft.isFolder
    ? await tree.makeFolder(path, wish, signal)
    : await tree.makeFile(path, content.content, wish, signal);
  if (written.kind === 'done') {
    const { entry } = written;
    const made = newItem({ entry, parent: place.parent, name: nameOf(entry.path) }, origin);
    const item = await stored(parts, { ...made, hash: hashAsSent(made, sent) }, entry);
    await index.endCreations([origin]);
    return { kind: 'done', item };
  }
  await index.endCreations([origin]);
  return written.kind === 'refused' ? written : refused('name-taken', 'Something else is there.');
}

const nothing = {
  size: 0,
  hash: null,
  open: () => Promise.resolve((async function* (): AsyncGenerator<Uint8Array> {})()),
};

async function replace(
  parts: Parts,
  item: LocatedItem,
  { content }: Patch,
  signal: AbortSignal,
): Promise<Written> {
  const { tree } = parts;
  if (content === null) {
    const entry = await tree.look(item.path, signal);
    return entry === null
      ? { kind: 'stale', item: null }
      : { kind: 'done', item: await stored(parts, item, entry) };
  }
  const sending = hashedOnItsWay(content, () => Promise.resolve());
  const written = await tree.replaceFile(entryOf(item), sending.content, signal);
  if (written.kind !== 'done') return outcomeOf(parts, item, written, signal);
  const now = itemAt(item, placeOf(item, written.entry));
  return {
    kind: 'done',
    item: await stored(parts, { ...now, hash: hashAsSent(now, sending.sent()) }, written.entry),
  };
}

/** If the tree itself reports a hash, that one is more reliable. */
const hashAsSent = ({ hash, bytes, isFolder }: IndexedItem, sent: SentBytes | null): string | null =>
  hash ?? (!isFolder && sent?.bytes === bytes ? sent.hash : null);

async function move(parts: Parts, item: LocatedItem, wanted: Place, signal: AbortSignal): Promise<Written> {
  const target = await targetOf(parts, wanted);
  if ('kind' in target) return target;
  const { path, place } = target;
  if (item.isFolder && `${folderOf(path)}/`.startsWith(`${item.path}/`))
    return refused('cycle', 'A folder cannot lie in itself.');
  const written = await parts.paths.moving(async () => {
    const moved = await parts.tree.move(entryOf(item), path, signal);
    return moved.kind === 'done' ? noteMove(parts, item, place, moved.entry) : moved;
  });
  return 'item' in written ? { kind: 'done', item: written.item } : outcomeOf(parts, item, written, signal);
}

/** If the tree changes the revision when an item is moved, the content is still the same. */
async function noteMove(parts: Parts, item: LocatedItem, { parent }: Place, entry: PathEntry) {
  const moved = itemAt(item, { entry, parent, name: nameOf(entry.path) });
  return { item: await stored(parts, { ...moved, hash: moved.hash ?? item.hash }, entry) };
}

async function remove(parts: Parts, item: LocatedItem, signal: AbortSignal): Promise<Written> {
  const removed = await parts.tree.remove(entryOf(item), signal);
  if (removed.kind !== 'done') return outcomeOf(parts, item, removed, signal);
  await parts.index.remove([item.key]);
  return { kind: 'done', item: { ...tombstone(item.key), isFolder: item.isFolder } };
}

/** The place where something shall be. */
interface Target {
  readonly path: string;
  readonly place: Place;
}

async function targetOf(parts: Parts, { parent, name }: Place): Promise<Target | Written> {
  if (parts.tree.traits.names.fitting(name) !== null)
    return refused('bad-name', `The name ${JSON.stringify(name)} cannot be written there.`);
  const folder = await pathOf(parts, parent);
  if (folder === null) return refused('no-folder', 'Its folder is not there.');
  return { path: pathBelow(folder, name), place: { parent, name } };
}

async function outcomeOf(
  parts: Parts,
  { key }: LocatedItem,
  written: TreeRefused | { readonly kind: 'stale' },
  signal: AbortSignal,
): Promise<Written> {
  return written.kind === 'refused' ? written : staleAsItIs(parts, key, signal);
}

const staleAsItIs = async (parts: Parts, key: string, signal: AbortSignal): Promise<Written> => ({
  kind: 'stale',
  item: (await fetch(parts, [key], signal)).get(key) ?? null,
});

async function stored(parts: Parts, item: IndexedItem, entry: PathEntry): Promise<Item> {
  await parts.index.put([item]);
  return itemOf(parts, item, entry);
}

const refused = (code: TreeRefused['code'], reason: string): Written => ({ kind: 'refused', code, reason });
