import { join } from 'node:path';
import { fittingName } from '../tree/path-names';
import type { TreeTraits } from '../tree/path-tree';
import { nameOf } from '../tree/tree-items';
import { readFolder } from './entries';
import { type RootFolder, statsOf } from './root-folder';
import { isTemporary } from '../tree/temporary-names';

/**
 * How the file system treats names, as far as existing names show it; nothing is written. If they do not show it, names
 * count as different whenever their bytes differ, and a write to another spelling of an existing name is refused as a
 * name that is taken.
 */
export async function foundTraits(root: RootFolder): Promise<TreeTraits> {
  const names = await orNothing(() => firstNames(root));
  const isCaseBlind = await orNothing(() => isSeenAs(root, names ?? [], otherCase));
  const isFormBlind = await orNothing(() => isSeenAs(root, names ?? [], otherForm));
  return {
    names: {
      isCaseBlind: isCaseBlind ?? false,
      form: isFormBlind === true ? 'NFC' : 'any',
      fitting: (name) =>
        fittingName(isTemporary(name) ? `_${name}` : name) ?? (isTemporary(name) ? `_${name}` : null),
    },
    writes: 'checked',
    maxFileBytes: null,
    entriesAtOnce: 256,
  };
}

const mostNames = 200;

const firstNames = (root: RootFolder): Promise<readonly string[]> =>
  root.within('', async (folder) => {
    for await (const { entries } of readFolder(folder, ''))
      return entries.slice(0, mostNames).map(({ path }) => nameOf(path));
    return [];
  });

/** Null: no name shows it. */
const isSeenAs = (
  root: RootFolder,
  names: readonly string[],
  otherwise: (name: string) => string,
): Promise<boolean | null> =>
  root.within('', async (folder) => {
    for (const name of names) {
      const other = otherwise(name);
      if (other === name || names.includes(other)) continue;
      const [one, same] = [await statsOf(join(folder, name)), await statsOf(join(folder, other))];
      if (one !== null) return same !== null && same.ino === one.ino && same.dev === one.dev;
    }
    return null;
  });

export const otherCase = (name: string): string =>
  name.toUpperCase() === name ? name.toLowerCase() : name.toUpperCase();

export const otherForm = (name: string): string =>
  name.normalize('NFC') === name ? name.normalize('NFD') : name.normalize('NFC');

/** A missing root is reported by the next operation on it. */
async function orNothing<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch {
    return null;
  }
}
