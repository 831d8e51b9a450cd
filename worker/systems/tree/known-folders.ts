import { placeKey } from './tree-items';
import type { IndexedItem, LocatedItem, TreeIndex } from './tree-index';

/** More folders than this are looked up again. */
const mostFolders = 10_000;

/**
 * The index with the folders that were located kept in memory, because each new item asks for its folder several times.
 * All changes of the index go through here, so what is kept is what the index holds.
 */
export function rememberFolders(index: TreeIndex): TreeIndex {
  const known = new Map<string, LocatedItem>();
  const places = new Set<string>();
  /** Answers that were asked for before a change are not kept. */
  let changes = 0;

  function forgetAll(): void {
    changes += 1;
    known.clear();
    places.clear();
  }
  function remember(items: readonly LocatedItem[]): void {
    for (const item of items) {
      if (!item.isFolder) continue;
      if (known.size >= mostFolders) forgetAll();
      known.set(item.key, item);
      places.add(placeKey({ parent: item.parent, name: item.name ?? '' }));
    }
  }
  const movesFolders = (items: readonly IndexedItem[]): boolean =>
    items.some(
      ({ key, isFolder, parent, name }) =>
        isFolder || known.has(key) || places.has(placeKey({ parent, name: name ?? '' })),
    );
  /** While a change is under way, it is not known whether a look-up came before or after it. */
  async function changing<T>(run: () => Promise<T>): Promise<T> {
    forgetAll();
    try {
      return await run();
    } finally {
      forgetAll();
    }
  }

  return {
    ...index,
    async byKeys(keys) {
      const missing = keys.filter((key) => !known.has(key));
      const found = keys.flatMap((key) => known.get(key) ?? []);
      if (missing.length === 0) return found;
      const asked = changes;
      const located = await index.byKeys(missing);
      if (asked === changes) remember(located);
      return [...found, ...located];
    },
    put: (items) => (movesFolders(items) ? changing(() => index.put(items)) : index.put(items)),
    remove: (keys) => changing(() => index.remove(keys)),
    lost: (keys) => changing(() => index.lost(keys)),
  };
}
