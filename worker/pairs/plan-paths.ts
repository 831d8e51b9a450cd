import type { Entry } from '../pipeline/entry';
import type { KnownLinks } from '../pipeline/links';
import { otherSide, type Side, sides } from '../pipeline/sides';
import type { Place } from '../pipeline/system';

/** Where a document of a plan lies. */
export interface PlannedPath {
  /** From the root of the pair; null: a record, or its folder is not known. */
  readonly path: string | null;
  /** Where the other side has it, if that is another path. */
  readonly pathBefore: string | null;
  /** Of a file. */
  readonly bytes: number | null;
}

export type PlanPaths = ReturnType<typeof createPlanPaths>;

/** Remembers the folders that a rehearsal has met, so that each of its lines can be given a path. */
export function createPlanPaths() {
  const folders = new Map<string, Place>();
  /** Keys of folders by side and link: the copies that are compared name a folder by its link. */
  const keysOfLinks = new Map<string, string>();
  return {
    remember(entry: Entry): void {
      for (const side of sides) {
        const item = itemOn(entry, side);
        if (item?.isFolder === true && item.place !== null) folders.set(idOf(side, item.key), item.place);
      }
    },

    /** A listing of what changed does not mention the folders above it: their links know where they lie. */
    async learn(links: Pick<KnownLinks, 'byKeys' | 'byIds'>, entries: readonly Entry[]): Promise<void> {
      for (const side of sides) {
        const held = await heldPlaces(links, side, entries);
        let wanted = unknownParents(side, [
          ...held,
          ...entries.map((entry) => itemOn(entry, side)?.place ?? null),
        ]);
        while (wanted.length > 0) wanted = unknownParents(side, await placesOf(links, side, wanted));
      }
    },

    of(entry: Entry): PlannedPath {
      const { side, mention, items } = entry;
      const own = pathOf(side, itemOn(entry, side)?.place ?? null);
      // The item of that side is where the plan has moved it to; its copy is where it lies.
      const other = otherSide(side);
      const beside = pathOf(other, ownPlace(other, entry.states?.[other].place ?? null));
      const content = items?.[side]?.content ?? items?.[otherSide(side)]?.content ?? mention.content;
      return {
        path: own ?? beside,
        pathBefore: own !== null && beside !== null && own !== beside ? beside : null,
        bytes: content?.size ?? null,
      };
    },
  };

  async function heldPlaces(
    links: Pick<KnownLinks, 'byIds'>,
    side: Side,
    entries: readonly Entry[],
  ): Promise<(Place | null)[]> {
    const places = entries.map(({ states }) => states?.[side].place ?? null);
    const ids = places.flatMap((place) => (place === null || place.parent === null ? [] : [place.parent]));
    for (const [id, { ends }] of await links.byIds([...new Set(ids)])) {
      const key = ends[side]?.key;
      if (key !== undefined) keysOfLinks.set(idOf(side, id), key);
    }
    return places.map((place) => ownPlace(side, place));
  }

  /** In the keys of that side. Null: it is not known there. */
  function ownPlace(side: Side, place: Place | null): Place | null {
    if (place === null || place.parent === null) return place;
    const parent = keysOfLinks.get(idOf(side, place.parent));
    return parent === undefined ? null : { parent, name: place.name };
  }

  function pathOf(side: Side, place: Place | null): string | null {
    if (place === null) return null;
    const names = [place.name];
    const met = new Set<string>();
    for (let { parent } = place; parent !== null;) {
      const folder = folders.get(idOf(side, parent));
      if (folder === undefined || met.has(parent)) return null;
      met.add(parent);
      names.unshift(folder.name);
      ({ parent } = folder);
    }
    return names.join('/');
  }

  function unknownParents(side: Side, places: readonly (Place | null)[]): string[] {
    const parents = places.flatMap((place) =>
      place === null || place.parent === null ? [] : [place.parent],
    );
    return [...new Set(parents)].filter((key) => !folders.has(idOf(side, key)));
  }

  /** Returns the places that it has found. */
  async function placesOf(
    links: Pick<KnownLinks, 'byKeys' | 'byIds'>,
    side: Side,
    keys: readonly string[],
  ): Promise<Place[]> {
    const found = [...(await links.byKeys(side, keys)).values()].flatMap(({ ends }) => {
      const end = ends[side];
      return end === null || end.seen.place === null ? [] : [{ key: end.key, place: end.seen.place }];
    });
    // The copies of links name a folder by its link.
    const above = await links.byIds(
      found.flatMap(({ place: { parent } }) => (parent === null ? [] : [parent])),
    );
    return found.map(({ key, place: { parent, name } }) => {
      const place = { parent: parent === null ? null : (above.get(parent)?.ends[side]?.key ?? null), name };
      folders.set(idOf(side, key), place);
      return place;
    });
  }
}

const idOf = (side: Side, key: string) => `${side} ${key}`;

const itemOn = ({ side, mention, items }: Entry, on: Side) => items?.[on] ?? (on === side ? mention : null);
