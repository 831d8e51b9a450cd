import type { Fields } from '../../shared/domain/merge-copy';
import type { PerSide } from './sides';
import type { Item } from './system';

/** Nobody compares more of them on a page. */
const mostShown = 20;

/** The keys of items that could be the same entity, and what they hold, so that a person can choose one of them. */
export function candidatesFrom(alike: PerSide<readonly Item[]>): {
  readonly candidates: PerSide<readonly string[]>;
  readonly shown: PerSide<Readonly<Record<string, Fields>>>;
} {
  return {
    candidates: { here: keysOf(alike.here), there: keysOf(alike.there) },
    shown: { here: fieldsOf(alike.here), there: fieldsOf(alike.there) },
  };
}

const keysOf = (items: readonly Item[]) => items.map(({ key }) => key);

const fieldsOf = (items: readonly Item[]) =>
  Object.fromEntries(items.slice(0, mostShown).map(({ key, fields }) => [key, fields]));
