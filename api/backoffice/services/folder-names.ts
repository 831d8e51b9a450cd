import { z } from 'zod';
import type { LinkDeskStore } from '../../../shared/stores/pairs/link-desk-store';
import type { PairConflict } from '../../../shared/stores/pairs/pair-inbox-store';
import type { Json } from '../../../shared/systems/references';

// A stored copy names its folder by the link of the folder. People know the folder by its path.

type Folders = Pick<LinkDeskStore, 'folderPaths'>;

/** Copies whose folders are named by their paths. A folder that is not known any more keeps its number. */
export async function withFolderPaths(
  linkDesk: Folders,
  conflicts: readonly PairConflict[],
): Promise<PairConflict[]> {
  const copies = conflicts.flatMap(({ here, there, base }) => [here, there, ...sidesOf(base)]);
  const paths = await pathsOf(linkDesk, copies.map(parentOf));
  return conflicts.map((conflict) => ({
    ...conflict,
    here: named(conflict.here, paths),
    there: named(conflict.there, paths),
    base: namedBase(conflict.base, paths),
  }));
}

/** The paths of those that are numbers of folders. */
export const pathsOf = (
  linkDesk: Folders,
  parents: readonly unknown[],
): Promise<ReadonlyMap<string, string>> =>
  linkDesk.folderPaths(parents.filter((one): one is string => linkNumber.safeParse(one).success));

/** A folder by its path, where that is known. */
export const pathOr = (parent: unknown, paths: ReadonlyMap<string, string>): unknown =>
  typeof parent === 'string' ? (paths.get(parent) ?? parent) : parent;

const linkNumber = z.string().regex(/^\d{1,18}$/);
const placed = z
  .object({ place: z.object({ parent: z.string().nullable() }).catchall(z.json()) })
  .catchall(z.json());
const bothSides = z.object({ here: z.json(), there: z.json() });

const parentOf = (copy: unknown): unknown => placed.safeParse(copy).data?.place.parent ?? null;

const sidesOf = (base: unknown): unknown[] => Object.values(bothSides.safeParse(base).data ?? {});

function named(copy: Json, paths: ReadonlyMap<string, string>): Json {
  const parsed = placed.safeParse(copy);
  if (!parsed.success) return copy;
  const { place } = parsed.data;
  const { parent } = place;
  return {
    ...parsed.data,
    place: { ...place, parent: parent === null ? null : (paths.get(parent) ?? parent) },
  };
}

function namedBase(base: Json, paths: ReadonlyMap<string, string>): Json {
  const parsed = bothSides.safeParse(base);
  return parsed.success
    ? { here: named(parsed.data.here, paths), there: named(parsed.data.there, paths) }
    : base;
}
