import type { Item } from '../../pipeline/system';

/** The items of the last listing. Records are searched here, because the server cannot search by fields. */
export interface KnownItems {
  hold(items: readonly Item[]): void;
  /** Null: nothing is kept, or it is too old. */
  held(): readonly Item[] | null;
  put(item: Item): void;
  remove(key: string): void;
  /** Call this after a write that may or may not have been carried out. */
  forget(): void;
}

const heldMs = 60_000;

export function createKnownItems(now: () => number = () => performance.now()): KnownItems {
  let held: { readonly items: Map<string, Item>; readonly at: number } | null = null;
  return {
    hold(items) {
      held = { items: new Map(items.map((item) => [item.key, item])), at: now() };
    },
    held: () => (held !== null && now() - held.at < heldMs ? [...held.items.values()] : null),
    put: (item) => void held?.items.set(item.key, item),
    remove: (key) => void held?.items.delete(key),
    forget() {
      held = null;
    },
  };
}
