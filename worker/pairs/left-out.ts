import picomatch from 'picomatch';
import type { Item, Page, Place, System, Written } from '../pipeline/system';
import { refusal } from '../pipeline/refusal';

/** True if the pair leaves out this path, which begins at the root of the pair. */
export type IsLeftOut = (path: string) => boolean;

/** `*` does not match across folders, `**` does, and both match names that begin with a dot. */
export function leftOutBy(globs: readonly string[]): IsLeftOut {
  if (globs.length === 0) return () => false;
  return picomatch([...globs], { dot: true });
}

/**
 * Wraps a system of any kind so that it does not show what the pair leaves out: such items are not listed, not found
 * and not written, and nothing is created at or moved to such a path.
 */
export function withoutLeftOut(system: System, isLeftOut: IsLeftOut): System {
  const places = createPlaces(system);
  const isOut = async (place: Place | null, signal: AbortSignal) => {
    const path = place === null ? null : await places.pathOf(place, signal);
    return path !== null && isLeftOut(path);
  };
  const write = async (key: string, signal: AbortSignal, run: () => Promise<Written>) => {
    const place = places.known(key) ?? (await system.fetch([key], signal)).get(key)?.place ?? null;
    return (await isOut(place, signal)) ? refused : run();
  };
  return {
    ...system,
    async *list(since, signal) {
      for await (const page of system.list(since, signal)) {
        places.remember(page.items);
        yield await splitPage(page, (item) => isOut(item.place, signal));
      }
    },
    async fetch(keys, signal) {
      const found = await system.fetch(keys, signal);
      places.remember([...found.values()]);
      return found;
    },
    async find(match, signal) {
      const found = await system.find(match, signal);
      places.remember(found);
      return onlyWhere(found, async (item) => !(await isOut(item.place, signal)));
    },
    create: async (key, draft, signal) =>
      (await isOut(draft.place, signal)) ? refused : system.create(key, draft, signal),
    update: (key, patch, expected, signal) =>
      write(key, signal, () => system.update(key, patch, expected, signal)),
    move: (key, place, expected, signal) =>
      write(key, signal, async () =>
        (await isOut(place, signal)) ? refused : system.move(key, place, expected, signal),
      ),
    delete: (key, expected, signal) => write(key, signal, () => system.delete(key, expected, signal)),
  };
}

const refused = refusal('invalid', { code: 'left-out-by-pair', values: {} });

async function splitPage(page: Page, isOut: (item: Item) => Promise<boolean>): Promise<Page> {
  const out = new Set<string>();
  for (const item of page.items) if (item.isActive && (await isOut(item))) out.add(item.key);
  if (out.size === 0) return page;
  return {
    ...page,
    items: page.items.filter(({ key }) => !out.has(key)),
    leftOut: [...(page.leftOut ?? []), ...out],
  };
}

async function onlyWhere(
  items: readonly Item[],
  isWanted: (item: Item) => Promise<boolean>,
): Promise<readonly Item[]> {
  const wanted: Item[] = [];
  for (const item of items) if (await isWanted(item)) wanted.push(item);
  return wanted;
}

/** The paths of items as last seen. A folder that was not seen is fetched. */
interface Places {
  remember(items: readonly Item[]): void;
  known(key: string): Place | null;
  /** The path from the root. Null: a folder above it does not exist. */
  pathOf(place: Place, signal: AbortSignal): Promise<string | null>;
}

const mostPlaces = 20_000;
const deepest = 1_000;

function createPlaces(system: System): Places {
  const places = new Map<string, Place>();
  const remember = (items: readonly Item[]) => {
    for (const { key, place } of items) {
      places.delete(key);
      if (place === null) continue;
      places.set(key, place);
      const [oldest] = places.keys();
      if (places.size > mostPlaces && oldest !== undefined) places.delete(oldest);
    }
  };
  return {
    remember,
    known: (key) => places.get(key) ?? null,
    async pathOf({ parent, name }, signal) {
      let path = name;
      let above = parent;
      for (let depth = 0; above !== null && depth < deepest; depth++) {
        let folder = places.get(above);
        if (folder === undefined) {
          const found = await system.fetch([above], signal);
          remember([...found.values()]);
          folder = found.get(above)?.place ?? undefined;
        }
        if (folder === undefined) return null;
        path = `${folder.name}/${path}`;
        above = folder.parent;
      }
      return path;
    },
  };
}
