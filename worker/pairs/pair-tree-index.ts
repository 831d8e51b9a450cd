import type { Db } from '../../shared/db/database';
import type { SliceHold } from '../../shared/db/slice-guard';
import { createTreeItemStore, type TreeItemStore } from '../../shared/stores/pairs/tree-item-store';
import { createTreeListingStore } from '../../shared/stores/pairs/tree-listing-store';
import type { Side } from '../pipeline/sides';
import type { IndexedItem, TreeIndex } from '../systems/tree/tree-index';
import { leaseLost } from './pair-links';

/** The index of one side of a pair, as long as the slice holds its lease. */
export function createPairTreeIndex(db: Db, pairId: number, side: Side, hold: SliceHold): TreeIndex {
  const items = createTreeItemStore(db, pairId, side, hold);
  const listing = createTreeListingStore(db, pairId, side, hold);
  return {
    ...items,
    ...listing,
    async put(changed) {
      const numbers = await numbersOf(items, changed);
      return changed.map((item) => ({ ...item, number: numbers.get(item.key) ?? 0 }));
    },
    remove: async (keys) => held(await items.remove(keys)),
    async lost(keys) {
      held(await items.forget(keys));
      held(await items.markLost(keys));
    },
    keepRootIdentity: async (identity) => held(await items.keepRootIdentity(identity)),
    begin: async (creation) => held(await listing.begin(creation)),
    endCreations: async (origins) => held(await listing.endCreations(origins)),
    putAside: async (entries) => held(await listing.putAside(entries)),
    clearAside: async () => held(await listing.clearAside()),
  };
}

/** If another item has the place, it loses the place first. */
async function numbersOf(
  items: TreeItemStore,
  changed: readonly IndexedItem[],
): Promise<ReadonlyMap<string, number>> {
  let numbers = await items.put(changed);
  if (numbers === 'taken') {
    held(await items.vacate(changed));
    numbers = await items.put(changed);
  }
  if (numbers === 'lost') throw leaseLost();
  if (numbers === 'taken') throw new Error('a place in the index was taken while it was written');
  return numbers;
}

function held(isHeld: boolean): void {
  if (!isHeld) throw leaseLost();
}
