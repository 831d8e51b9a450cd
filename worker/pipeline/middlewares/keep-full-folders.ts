import { type Entry, settle } from '../entry';
import { type PerSide, type Side, sides } from '../mappings';
import type { Middleware } from '../pipeline';
import type { Item, System } from '../system';

export interface KeepFullFoldersSettings {
  readonly systems: PerSide<System>;
  /** What the first stage left as it was: it may still lie in a folder that is about to go. */
  readonly unfinished: readonly Entry[];
}

/**
 * A folder is deleted only if it is empty, and only if nothing that was to leave it still waits. One in which
 * something new lives comes back on the side that deleted it.
 */
export function keepFullFolders({ systems, unfinished }: KeepFullFoldersSettings): Middleware {
  const kept = new Set(unfinished.flatMap(folderOf));
  return async (entry, next) => {
    if (isFolder(entry)) await judge(systems, kept, entry);
    if (entry.verdict === undefined) await next();
    if (entry.verdict !== 'deleted') for (const folder of folderOf(entry)) kept.add(folder);
  };
}

/** The folder in which both sides last had it, unless it is to stay there. */
const folderOf = ({ agreed, result }: Entry): string[] => {
  const parent = agreed?.place?.parent ?? null;
  return parent === null || result?.place?.parent === parent ? [] : [parent];
};

const isFolder = ({ views }: Entry) => sides.some((side) => views[side].item?.isFolder === true);

async function judge(systems: PerSide<System>, kept: ReadonlySet<string>, entry: Entry): Promise<void> {
  const { mapping, views } = entry;
  if (mapping !== null && kept.has(mapping.id)) {
    settle(entry, 'held', 'something that lay in the folder failed or waits');
    return;
  }
  for (const side of sides) {
    const { item, state } = views[side];
    if (item?.isActive === true && state !== null && !(await isEmpty(systems, side, item)))
      entry.result = state;
  }
}

async function isEmpty(systems: PerSide<System>, side: Side, folder: Item): Promise<boolean> {
  return (await systems[side].find({ by: 'parent', parent: folder.key })).length === 0;
}
