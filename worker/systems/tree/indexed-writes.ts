import {
  type Draft,
  type Item,
  type Patch,
  type Place,
  tombstone,
  type Written,
} from '../../pipeline/system';
import type { IndexedParts } from './indexed-parts';
import { fetchItems, pathOf, placeOf } from './indexed-reads';
import type { PathEntry, TreeRefused } from './path-tree';
import { hashedOnItsWay, type SentBytes } from './sent-content';
import { entryOf, folderOf, itemAt, itemOf, nameOf, newItem, pathBelow } from './tree-items';
import type { IndexedItem, LocatedItem } from './tree-index';
import {
  folderInItself,
  folderMissing,
  nameImpossible,
  nameTaken,
  placeMissing,
} from '../../pipeline/refusal';

export async function createItem(
  parts: IndexedParts,
  origin: string,
  draft: Draft,
  signal: AbortSignal,
): Promise<Written> {
  const { tree, index } = parts;
  if (draft.place === null) return placeMissing;
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
  return written.kind === 'refused' ? written : nameTaken;
}

const nothing = {
  size: 0,
  hash: null,
  open: () => Promise.resolve((async function* (): AsyncGenerator<Uint8Array> {})()),
};

export async function replaceContent(
  parts: IndexedParts,
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

export async function moveItem(
  parts: IndexedParts,
  item: LocatedItem,
  wanted: Place,
  signal: AbortSignal,
): Promise<Written> {
  const target = await targetOf(parts, wanted);
  if ('kind' in target) return target;
  const { path, place } = target;
  if (item.isFolder && `${folderOf(path)}/`.startsWith(`${item.path}/`)) return folderInItself;
  const written = await parts.paths.moving(async () => {
    const moved = await parts.tree.move(entryOf(item), path, signal);
    return moved.kind === 'done' ? noteMove(parts, item, place, moved.entry) : moved;
  });
  return 'item' in written ? { kind: 'done', item: written.item } : outcomeOf(parts, item, written, signal);
}

/** If the tree changes the revision when an item is moved, the content is still the same. */
async function noteMove(parts: IndexedParts, item: LocatedItem, { parent }: Place, entry: PathEntry) {
  const moved = itemAt(item, { entry, parent, name: nameOf(entry.path) });
  return { item: await stored(parts, { ...moved, hash: moved.hash ?? item.hash }, entry) };
}

export async function removeItem(
  parts: IndexedParts,
  item: LocatedItem,
  signal: AbortSignal,
): Promise<Written> {
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

async function targetOf(parts: IndexedParts, { parent, name }: Place): Promise<Target | Written> {
  if (parts.tree.traits.names.fitting(name) !== null) return nameImpossible(name);
  const folder = await pathOf(parts, parent);
  if (folder === null) return folderMissing;
  return { path: pathBelow(folder, name), place: { parent, name } };
}

async function outcomeOf(
  parts: IndexedParts,
  { key }: LocatedItem,
  written: TreeRefused | { readonly kind: 'stale' },
  signal: AbortSignal,
): Promise<Written> {
  return written.kind === 'refused' ? written : staleAsItIs(parts, key, signal);
}

export const staleAsItIs = async (
  parts: IndexedParts,
  key: string,
  signal: AbortSignal,
): Promise<Written> => ({
  kind: 'stale',
  item: (await fetchItems(parts, [key], signal)).get(key) ?? null,
});

async function stored(parts: IndexedParts, item: IndexedItem, entry: PathEntry): Promise<Item> {
  await parts.index.put([item]);
  return itemOf(parts, item, entry);
}
