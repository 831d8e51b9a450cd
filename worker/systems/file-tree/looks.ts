import { join } from 'node:path';
import type { PathEntry, TreeTraits } from '../tree/path-tree';
import { folderOf, nameOf, pathBelow } from '../tree/tree-items';
import { entryFrom, readFolder } from './entries';
import { isAbsence, troubleFrom } from './file-errors';
import { type RootFolder, statsOf } from './root-folder';
import { isTemporary } from '../tree/temporary-names';

/** Reads the present state of paths. */
export interface Looks {
  /** Null: nothing is there, or something that is left out. */
  at(path: string): Promise<PathEntry | null>;
  children(path: string): Promise<readonly PathEntry[]>;
}

export function createLooks(root: RootFolder, { names }: TreeTraits): Looks {
  const looks: Looks = {
    async at(path) {
      if (isTemporary(nameOf(path))) return null;
      const entry = await orNull(path, () =>
        root.within(folderOf(path), async (folder) => {
          const stats = await statsOf(join(folder, nameOf(path)));
          return stats === null ? null : entryFrom(path, stats);
        }),
      );
      if (entry === null || 'why' in entry) return null;
      return names.isCaseBlind || names.form !== 'any' ? asWritten(entry) : entry;
    },
    children: async (path) =>
      (await orNull(path, () =>
        root.within(path, async (folder) => {
          const entries: PathEntry[] = [];
          for await (const page of readFolder(folder, path)) entries.push(...page.entries);
          return entries;
        }),
      )) ?? [],
  };
  return looks;

  /** If several spellings of a name are the same name, this is the spelling in the folder. */
  async function asWritten(entry: PathEntry): Promise<PathEntry> {
    const folder = folderOf(entry.path);
    const siblings = await looks.children(folder);
    const name = nameOf(entry.path);
    if (siblings.some(({ path }) => path === pathBelow(folder, name))) return entry;
    return siblings.find(({ identity }) => identity !== null && identity === entry.identity) ?? entry;
  }
}

async function orNull<T>(path: string, look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (isAbsence(error)) return null;
    throw troubleFrom(error, `${path === '' ? 'the root' : path} cannot be looked at`);
  }
}
