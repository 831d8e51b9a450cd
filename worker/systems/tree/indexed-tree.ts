import type { Capabilities, Page, System, Written } from '../../pipeline/system';
import { listIndexed } from './indexed-listing';
import type { IndexedParts } from './indexed-parts';
import { fetchItems, findItems } from './indexed-reads';
import { createItem, moveItem, removeItem, replaceContent, staleAsItIs } from './indexed-writes';
import { rememberFolders } from './known-folders';
import { createLivePaths } from './live-paths';
import type { PathTree } from './path-tree';
import { recogniseTogether } from './recognise';
import { createRootCheck } from './root-check';
import { revisionOf, type TreeComparison } from './tree-items';
import type { LocatedItem, TreeIndex } from './tree-index';
import { watchTouches } from './watched-touches';

export interface IndexedTreeSettings extends TreeComparison {
  /** Paths that need not be listed. */
  readonly isLeftOut: (path: string) => boolean;
}

/**
 * Makes a system with keys from a tree of paths and the index of a pair. An item keeps its key when it is moved or
 * renamed, if the move can be recognised.
 */
export function indexedTree(plain: PathTree, given: TreeIndex, settings: IndexedTreeSettings): System {
  const tree = settings.compare === 'hash' ? watchTouches(plain) : plain;
  const index = rememberFolders(given);
  const paths = createLivePaths(tree, index);
  const { isLeftOut } = settings;
  const recognise = recogniseTogether(tree, index);
  const parts: IndexedParts = { tree, index, paths, comparison: settings, isLeftOut, recognise };
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
      return fetchItems(parts, keys, signal);
    },
    async find(match, signal) {
      await atRoot(signal);
      return findItems(parts, match, signal);
    },
    async create(key, draft, signal) {
      await atRoot(signal);
      return createItem(parts, key, draft, signal);
    },
    update: (key, patch, expected, signal) =>
      expecting(key, expected, signal, (item) => replaceContent(parts, item, patch, signal)),
    move: (key, place, expected, signal) =>
      expecting(key, expected, signal, (item) => moveItem(parts, item, place, signal)),
    delete: (key, expected, signal) =>
      expecting(key, expected, signal, (item) => removeItem(parts, item, signal)),
  };
}

/** Writes to an item that is unchanged since it was last read. */
type WriteItem = (item: LocatedItem) => Promise<Written>;

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

async function* list(
  { tree, index, paths, comparison, isLeftOut }: IndexedParts,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const pages = listIndexed({
    tree,
    index,
    paths,
    comparison,
    isLeftOut,
    signal,
  });
  for await (const items of pages) yield { items, cursor: null, isWhole: false };
  yield { items: [], cursor: null, isWhole: true };
}
