import type { Mention } from './entry';
import { type PerSide, type Side, sides } from './sides';
import type { Item } from './system';

/** The items that both sides mentioned in a run, each key once, with what was seen since. */
export interface Mentions {
  add(side: Side, item: Item, about?: Partial<Pick<Mention, 'isDoubted' | 'withoutLinks'>>): void;
  /** The item, as far as this run knows. Undefined: not known. */
  item(side: Side, key: string): Item | undefined;
  /** -1: it was not mentioned. */
  lastTurn(side: Side, key: string): number;
  isMentioned(side: Side, key: string): boolean;
  /** Null: it is gone. */
  notice(side: Side, key: string, item: Item | null): void;
  /** Folders before what lies in them. */
  topDown(): readonly Mention[];
}

export function createMentions(): Mentions {
  const last: PerSide<Map<string, Mention>> = { here: new Map(), there: new Map() };
  const noticed: PerSide<Map<string, Item | null>> = { here: new Map(), there: new Map() };
  let turns = 0;
  return {
    add(side, item, { isDoubted = false, withoutLinks = false } = {}) {
      // If a key is mentioned again, its last position counts.
      last[side].delete(item.key);
      last[side].set(item.key, { side, item, turn: turns, isDoubted, withoutLinks });
      turns += 1;
    },
    item(side, key) {
      const seen = noticed[side].get(key);
      return seen === undefined ? last[side].get(key)?.item : (seen ?? undefined);
    },
    lastTurn: (side, key) => last[side].get(key)?.turn ?? -1,
    isMentioned: (side, key) => last[side].has(key),
    notice: (side, key, item) => noticed[side].set(key, item),
    topDown: () => topDown(last),
  };
}

function topDown(last: PerSide<ReadonlyMap<string, Mention>>): Mention[] {
  const inTurn = sides
    .flatMap((side) => [...last[side].values()])
    .sort((one, other) => one.turn - other.turn);
  const placed = new Set<Mention>();
  const ordered: Mention[] = [];
  for (const mention of inTurn) {
    const above: Mention[] = [];
    let at: Mention | undefined = mention;
    // Folders that contain each other have no top.
    while (at !== undefined && !placed.has(at)) {
      placed.add(at);
      above.push(at);
      const parent: string | null = at.item.place?.parent ?? null;
      at = parent === null ? undefined : last[at.side].get(parent);
    }
    ordered.push(...above.reverse());
  }
  return ordered;
}
