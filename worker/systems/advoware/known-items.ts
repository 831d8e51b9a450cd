import type { Item } from '../../pipeline/system';

/** What the last listing showed: a record is looked for in it, since the server finds none by its fields. */
export interface KnownItems {
  hold(items: readonly Item[]): void;
  /** Null: nothing is held, or for too long. */
  held(): readonly Item[] | null;
  put(item: Item): void;
  remove(key: string): void;
  /** After a write of which nobody knows whether it was carried out. */
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
