import type { Content, Item, Place } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { IxFault } from './faults';
import type { Elo } from './opened';
import { versionContent } from './content';
import { archivePath, createEntryReader, type EntryReader } from './reading';
import { children } from './searches';
import { shortName } from './names';
import { type DocVersion, type FolderName, foldersAbove, isFolder, itemOf, nameOf, type Sord } from './sord';

/** The pair's folder in the archive, and the places of entries in it. */
export interface Archive {
  readonly reader: EntryReader;
  /** The pair's folder. Throws `root-missing`. */
  root(signal: AbortSignal): Promise<Sord>;
  /** Null: the entry is not in the pair's folder, or it is deleted. */
  placeOf(entry: Sord, signal: AbortSignal): Promise<Place | null>;
  /**
   * The folders above an entry, the lowest last, without the archive itself. Null: the entry has no way to the
   * archive's root.
   */
  above(entry: Sord, signal: AbortSignal): Promise<readonly FolderName[] | null>;
  /** Null if `placeOf` returns null. */
  itemOf(entry: Sord, signal: AbortSignal): Promise<Item | null>;
  /** An entry whose place is known. */
  itemAt(entry: Sord, place: Place): Item;
  /** A folder in which something can be created. `key` null: the pair's folder. Null: there is no such folder. */
  folder(key: string | null, signal: AbortSignal): Promise<Sord | null>;
  /** All entries with that name in that folder, because ELO allows several. */
  named(folder: Sord, name: string, signal: AbortSignal): Promise<readonly Item[]>;
  /** The entries in a folder, without deeper ones. */
  within(folder: Sord, signal: AbortSignal): AsyncGenerator<readonly Item[]>;
}

/** The archive itself is the entry with the number 1. No path contains it. */
const archiveNumber = 1;

export function createArchive({ api, end, opening }: Elo): Archive {
  const reader = createEntryReader(api);
  const contentOf = (entry: Sord, file: DocVersion): Content => versionContent({ api, reader }, entry, file);
  const shape = { fields: opening.fields, contentOf };
  const names = end.root.split('/').filter((name) => name !== '');
  const rootName = names.length === 0 ? String(archiveNumber) : archivePath(names);
  let known: Sord | null = null;

  async function root(signal: AbortSignal): Promise<Sord> {
    const found = await reader.look(rootName, signal).catch(asMissing);
    if (found === null || found.deleted === true || !isFolder(found)) {
      known = null;
      throw new Trouble(
        'root-missing',
        `there is no folder ${end.root === '' ? '/' : end.root} in the archive`,
      );
    }
    known = found;
    return found;
  }

  const foldersOf = async (entry: Sord, signal: AbortSignal): Promise<readonly FolderName[] | null> =>
    foldersAbove(entry) ?? (await climb(reader, entry, signal));

  async function placeOf(entry: Sord, signal: AbortSignal): Promise<Place | null> {
    const top = known ?? (await root(signal));
    if (entry.deleted === true || entry.id === top.id) return null;
    const name = nameOf(entry);
    if (entry.parentId === top.id) return { parent: null, name };
    const above = await foldersOf(entry, signal);
    const folder = above?.at(-1);
    if (above === null || folder === undefined) return null;
    const isWithin = top.id === archiveNumber || above.some(({ id }) => id === top.id);
    return isWithin ? { parent: folder.guid, name } : null;
  }

  const itemAt = (entry: Sord, place: Place): Item => itemOf(shape, entry, place);

  async function* within(folder: Sord, signal: AbortSignal): AsyncGenerator<readonly Item[]> {
    const parent = folder.id === known?.id ? null : folder.guid;
    for await (const page of children(api, folder.guid, signal))
      yield page.map((entry) => itemAt(entry, { parent, name: nameOf(entry) }));
  }

  return {
    reader,
    root,
    placeOf,
    above: foldersOf,
    async itemOf(entry, signal) {
      const place = await placeOf(entry, signal);
      return place === null ? null : itemAt(entry, place);
    },
    itemAt,
    async folder(key, signal) {
      if (key === null) return root(signal);
      const entry = await reader.look(key, signal);
      if (entry === null || !isFolder(entry)) return null;
      return (await placeOf(entry, signal)) === null ? null : entry;
    },
    async named(folder, name, signal) {
      if (!(await mayHave(reader, folder, name, signal))) return [];
      const found: Item[] = [];
      for await (const page of within(folder, signal))
        found.push(...page.filter((item) => item.place?.name === name));
      return found;
    },
    within,
  };
}

/** A folder that our user may not read is not empty either. */
function asMissing(error: unknown): never {
  throw error instanceof IxFault ? new Trouble('root-missing', error.message) : error;
}

/**
 * This takes one or two calls instead of a listing: ELO finds an entry by its folder and its short name. A document
 * with another extension has the same short name, so a hit is no proof.
 */
async function mayHave(
  reader: EntryReader,
  folder: Sord,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (const short of new Set([name, shortName(name).name]))
    if ((await reader.look(archivePath([short], folder.id), signal)) !== null) return true;
  return false;
}

/**
 * If ELO does not give the path of an entry, its folders are fetched one by one. Null: they do not lead to the
 * archive's root.
 */
async function climb(
  reader: EntryReader,
  entry: Sord,
  signal: AbortSignal,
): Promise<readonly FolderName[] | null> {
  const above: FolderName[] = [];
  for (let id = entry.parentId; id !== archiveNumber;) {
    const folder = await reader.look(String(id), signal);
    if (folder === null || folder.deleted === true || above.some((one) => one.id === id)) return null;
    above.unshift({ id: folder.id, guid: folder.guid });
    id = folder.parentId;
  }
  return above;
}
