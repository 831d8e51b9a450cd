import type { Db } from '../../shared/db/database';
import type { SliceHold } from '../../shared/db/slice-guard';
import { concernsOneLink } from '../../shared/stores/pairs/link-store';
import { createTreeItemStore, type TreeItemStore } from '../../shared/stores/pairs/tree-item-store';
import { createTreeListingStore } from '../../shared/stores/pairs/tree-listing-store';
import type { Side } from '../pipeline/sides';
import { joinCalls } from '../systems/join-calls';
import type { Creation, IndexedItem, KnownItem, LocatedItem, TreeIndex } from '../systems/tree/tree-index';
import { leaseLost } from './pair-links';

/**
 * The index of one side of a pair, as long as the slice holds its lease. Items that are processed at the same time share
 * statements and commits (docs/decisions/077).
 */
export function createPairTreeIndex(db: Db, pairId: number, side: Side, hold: SliceHold): TreeIndex {
  const items = createTreeItemStore(db, pairId, side, hold);
  const listing = createTreeListingStore(db, pairId, side, hold);
  const endTogether = joinCalls({
    run: async (asks: readonly (readonly string[])[]) => {
      held(await listing.endCreations([...new Set(asks.flat())]));
      return asks.map(() => true);
    },
  });
  const beginTogether = joinCalls({
    run: async (asks: readonly Creation[]) => {
      held(await listing.begin([...new Map(asks.map((one) => [one.origin, one])).values()]));
      return asks.map(() => true);
    },
    isOfOne: concernsOneLink,
  });
  return {
    ...items,
    ...listing,
    byKeys: locateTogether(items),
    put: putTogether(items),
    remove: async (keys) => held(await items.remove(keys)),
    async lost(keys) {
      held(await items.forget(keys));
      held(await items.markLost(keys));
    },
    keepRootIdentity: async (identity) => held(await items.keepRootIdentity(identity)),
    begin: async (creation) => {
      await beginTogether(creation);
    },
    endCreations: async (origins) => {
      await endTogether(origins);
    },
    putAside: async (entries) => held(await listing.putAside(entries)),
    clearAside: async () => held(await listing.clearAside()),
  };
}

const locateTogether = (items: TreeItemStore): TreeIndex['byKeys'] =>
  joinCalls({
    run: async (asks: readonly (readonly string[])[]) => {
      const located = await items.byKeys(asks.flat());
      const byKey = new Map(located.map((item) => [item.key, item]));
      return asks.map((keys) =>
        [...new Set(keys)].flatMap((key): LocatedItem[] => {
          const item = byKey.get(key);
          return item === undefined ? [] : [item];
        }),
      );
    },
  });

/** Of two states of one item, the later one is stored. */
const putTogether = (items: TreeItemStore): TreeIndex['put'] =>
  joinCalls({
    run: async (asks: readonly (readonly IndexedItem[])[]) => {
      const latest = new Map(asks.flat().map((item) => [item.key, item]));
      const numbers = await numbersOf(items, [...latest.values()], asks.length === 1);
      return asks.map((changed) =>
        changed.map((item): KnownItem => ({ ...item, number: numbers.get(item.key) ?? 0 })),
      );
    },
    isOfOne: (error) => error instanceof PlaceTaken || concernsOneLink(error),
  });

/** Another item of the index has the place. */
class PlaceTaken extends Error {
  override readonly name = 'PlaceTaken';
}

/** If another item has the place of a single change, that item loses the place first. */
async function numbersOf(
  items: TreeItemStore,
  changed: readonly IndexedItem[],
  vacates: boolean,
): Promise<ReadonlyMap<string, number>> {
  let numbers = await items.put(changed);
  if (numbers === 'taken' && vacates) {
    held(await items.vacate(changed));
    numbers = await items.put(changed);
  }
  if (numbers === 'lost') throw leaseLost();
  if (numbers === 'taken') throw new PlaceTaken('a place in the index was taken while it was written');
  return numbers;
}

function held(isHeld: boolean): void {
  if (!isHeld) throw leaseLost();
}
