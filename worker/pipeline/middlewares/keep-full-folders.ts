import type { Calls } from '../calls';
import { type Decided, type Entry, settle } from '../entry';
import { type PerSide, type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { Item } from '../system';

export interface KeepFullFoldersSettings {
  readonly systems: PerSide<Calls>;
  /** What the first stage left as it was: it may still lie in a folder that is about to go. */
  readonly unfinished: readonly Entry[];
}

/**
 * A folder is deleted only if it is empty, and only if nothing that was to leave it still waits. One in which
 * something new lives comes back on the side that deleted it.
 */
export function keepFullFolders({ systems, unfinished }: KeepFullFoldersSettings): Middleware<Decided> {
  const kept = new Set(unfinished.flatMap(foldersOf));
  return async (entry, next) => {
    if (isFolder(entry)) await judge(systems, kept, entry);
    if (entry.verdict === undefined) await next(entry);
    if (entry.verdict !== 'deleted') for (const folder of foldersOf(entry)) kept.add(folder);
  };
}

/** The folders in which either side last had it, unless it is to stay there. */
const foldersOf = ({ bases, results }: Entry): string[] =>
  sides.flatMap((side) => {
    const parent = bases?.[side]?.place?.parent ?? null;
    return parent === null || results?.[side].place?.parent === parent ? [] : [parent];
  });

const isFolder = ({ items }: Decided) => sides.some((side) => items[side]?.isFolder === true);

async function judge(systems: PerSide<Calls>, kept: ReadonlySet<string>, entry: Decided): Promise<void> {
  const { link, items, states } = entry;
  if (link !== null && kept.has(link.id)) {
    settle(entry, 'held', 'something that lay in the folder failed or waits');
    return;
  }
  for (const side of sides) {
    const item = items[side];
    if (item?.isActive !== true || (await isEmpty(systems, side, item))) continue;
    entry.results = { here: states[side], there: states[side] };
    entry.comesBack = true;
  }
}

async function isEmpty(systems: PerSide<Calls>, side: Side, folder: Item): Promise<boolean> {
  return (await systems[side].find({ by: 'parent', parent: folder.key })).length === 0;
}
