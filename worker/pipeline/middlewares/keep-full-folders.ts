import type { Calls } from '../calls';
import { type Decided, type Entry, settle } from '../entry';
import type { KnownLinks } from '../links';
import { type PerSide, type Side, sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { Item } from '../system';

export interface KeepFullFoldersSettings {
  readonly systems: PerSide<Calls>;
  readonly links: KnownLinks;
  /** Entries that the first stage did not finish. They may still be in a folder that is about to be deleted. */
  readonly unfinished: readonly Entry[];
}

/**
 * A folder is only deleted if it is empty and if no item that was to leave it still waits. A folder with a remaining
 * item is made again on the side that deleted it.
 */
export function keepFullFolders(settings: KeepFullFoldersSettings): Middleware<Decided> {
  const leaving: Leaving = new Map();
  for (const entry of settings.unfinished) addLeaving(leaving, entry);
  return async (entry, next) => {
    if (isFolder(entry)) await judge(settings, leaving, entry);
    if (entry.verdict === undefined) await next(entry);
    // What lies in it is nothing that the system shows: the pair leaves it out, or it has only just come.
    if (entry.blocked?.code === 'not-empty') entry.comesBack = true;
    if (entry.verdict !== 'deleted') addLeaving(leaving, entry);
  };
}

/** By the id of a folder's link: the ids of the items that must leave it and have not left yet. */
type Leaving = Map<string, Set<string>>;

/** The folders in which either side last had it, unless it is to stay there. */
function addLeaving(leaving: Leaving, { bases, results, link }: Entry): void {
  for (const side of sides) {
    const parent = bases?.[side]?.place?.parent ?? null;
    if (parent === null || results?.[side].place?.parent === parent) continue;
    leaving.set(parent, (leaving.get(parent) ?? new Set()).add(link?.id ?? ''));
  }
}

const isFolder = ({ items }: Decided) => sides.some((side) => items[side]?.isFolder === true);

async function judge(settings: KeepFullFoldersSettings, leaving: Leaving, entry: Decided): Promise<void> {
  const { link, items, states } = entry;
  const going = leaving.get(link?.id ?? '') ?? null;
  for (const side of sides) {
    const item = items[side];
    if (item?.isActive !== true || !(await holdsMore(settings, side, item, going))) continue;
    entry.results = { here: states[side], there: states[side] };
    entry.comesBack = true;
  }
  if (going !== null && !entry.comesBack) settle(entry, 'held', { code: 'folder-not-left', values: {} });
}

/** True if it contains an item that is not about to leave it. */
async function holdsMore(
  { systems, links }: KeepFullFoldersSettings,
  side: Side,
  folder: Item,
  going: ReadonlySet<string> | null,
): Promise<boolean> {
  const within = await systems[side].find({ by: 'parent', parent: folder.key });
  if (within.length === 0 || going === null) return within.length > 0;
  const keys = within.map(({ key }) => key);
  const owners = await links.byKeys(side, keys);
  return keys.some((key) => !going.has(owners.get(key)?.id ?? 'nobody'));
}
