import {
  type Content,
  type Item,
  type Patch,
  type Place,
  type Revision,
  tombstone,
  type Written,
} from '../../pipeline/system';
import type { Archive } from './archive';
import { type Forms, isRefused } from './forms';
import type { Held, Locks } from './locks';
import { eloNames, shortName } from './names';
import type { Elo } from './opened';
import { children } from './searches';
import { allMembers, lock, move } from './selectors';
import { isAsExpected, isFolder, nameOf, type Sord, shortNameOf } from './sord';
import { checkIn, encryptionOf, upload, type Uploaded } from './uploads';
import {
  folderInItself,
  folderMissing,
  folderNotEmpty,
  nameImpossible,
  nameTaken,
} from '../../pipeline/refusal';

/** Writes to existing entries. */
export interface Changer {
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  move(key: string, place: Place, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

export interface ChangerParts {
  readonly archive: Archive;
  readonly locks: Locks;
  readonly forms: Forms;
}

export function createChanger({ api }: Elo, { archive, locks, forms }: ChangerParts): Changer {
  async function shown(entry: Sord, signal: AbortSignal): Promise<Written> {
    const after = await archive.reader.look(entry.guid, signal);
    const item = after === null ? null : await archive.itemOf(after, signal);
    return item === null ? { kind: 'stale', item } : { kind: 'done', item };
  }

  /** A long upload is not begun for an entry that has changed, or that someone else has locked. */
  async function uploadTo(
    key: string,
    wish: { readonly content: Content; readonly extension: string | null; readonly expected: Revision },
    signal: AbortSignal,
  ): Promise<Uploaded | Written> {
    const entry = await archive.reader.look(key, signal);
    const item = entry === null ? null : await archive.itemOf(entry, signal);
    if (entry === null || !isAsExpected(item, wish.expected)) return { kind: 'stale', item };
    const refused = locks.refusalOf(entry);
    if (refused !== null) return refused;
    const extension = wish.extension ?? shortNameOf(entry).extension;
    const target = { objId: String(entry.id), extension, encryptionSet: encryptionOf(entry) };
    return upload(api, target, wish.content, signal);
  }

  async function update(
    key: string,
    patch: Patch,
    expected: Revision,
    signal: AbortSignal,
  ): Promise<Written> {
    const { content, fields } = patch;
    const uploaded =
      content === null ? null : await uploadTo(key, { content, extension: null, expected }, signal);
    if (uploaded !== null && 'kind' in uploaded) return uploaded;
    const write = async (held: Held): Promise<Written> => {
      const objKeys = await forms.filled(held.entry, fields, signal);
      if (isRefused(objKeys)) return objKeys;
      const entry = { ...held.entry, objKeys };
      if (uploaded === null) await checkInEntry(entry, signal);
      else await checkIn(api, { entry, unlockZ: lock, operation: 'update' }, uploaded, signal);
      held.released();
      return shown(held.entry, signal);
    };
    return locks.hold(key, expected, write, signal);
  }

  const checkInEntry = (entry: Sord, signal: AbortSignal): Promise<unknown> =>
    api.call(
      {
        operation: 'update',
        name: 'checkinSord',
        parameters: { sord: entry, sordZ: allMembers, unlockZ: lock },
      },
      signal,
    );

  async function moveEntry(
    key: string,
    place: Place,
    expected: Revision,
    signal: AbortSignal,
  ): Promise<Written> {
    const entry = await archive.reader.look(key, signal);
    const item = entry === null ? null : await archive.itemOf(entry, signal);
    if (entry === null || !isAsExpected(item, expected)) return { kind: 'stale', item };
    const folder = await archive.folder(place.parent, signal);
    if (folder === null) return folderMissing;
    const refused = await refusalOfPlace(archive, { item, entry, folder, name: place.name }, signal);
    if (refused !== null) return refused;
    const wish = newShortName(entry, place.name);
    const uploaded =
      wish.extension === null || !item.content
        ? null
        : await uploadTo(key, { content: item.content, extension: wish.extension, expected }, signal);
    if (uploaded !== null && 'kind' in uploaded) return uploaded;
    const write = async (held: Held): Promise<Written> => {
      if (folder.id !== held.entry.parentId) await moveInto(held.entry, folder, signal);
      const named = { ...held.entry, name: wish.name, parentId: folder.id };
      if (uploaded === null) await checkInEntry(named, signal);
      else await checkIn(api, { entry: named, unlockZ: lock, operation: 'move' }, uploaded, signal);
      held.released();
      return shown(held.entry, signal);
    };
    return locks.hold(key, expected, write, signal);
  }

  async function moveInto(entry: Sord, folder: Sord, signal: AbortSignal): Promise<void> {
    const parameters = {
      newParentId: folder.guid,
      objId: entry.guid,
      copyInfo: { checkRecursion: true, manSortIdx: -1 },
      copySordZ: move,
    };
    await api.call({ operation: 'move', name: 'copySord', parameters }, signal);
  }

  async function deleteEntry(key: string, expected: Revision, signal: AbortSignal): Promise<Written> {
    const write = async (held: Held): Promise<Written> => {
      const { entry } = held;
      if (isFolder(entry) && (await holdsSomething(api, entry, signal))) return folderNotEmpty;
      const parameters = {
        objId: entry.guid,
        // If another folder were given, ELO would only remove a reference.
        parentId: String(entry.parentId),
        deleteOptions: { folderMustBeEmpty: true, deleteFinally: false },
        unlockZ: lock,
      };
      await api.call({ operation: 'delete', name: 'deleteSord', parameters }, signal);
      held.released();
      return { kind: 'done', item: tombstone(key) };
    };
    return locks.hold(key, expected, write, signal);
  }

  return { update, move: moveEntry, delete: deleteEntry };
}

interface NewName {
  readonly name: string;
  /**
   * ELO stores the extension with the version, so a new extension needs a new version with the same content. Null: it
   * stays.
   */
  readonly extension: string | null;
}

function newShortName(entry: Sord, file: string): NewName {
  const { extension } = shortNameOf(entry);
  if (isFolder(entry) || extension === '') return { name: file, extension: null };
  const end = `.${extension}`;
  if (file.endsWith(end) && file !== end) return { name: file.slice(0, -end.length), extension: null };
  return shortName(file);
}

/** Null: the place is free, and the entry can be there. */
async function refusalOfPlace(
  archive: Archive,
  { item, entry, folder, name }: { item: Item; entry: Sord; folder: Sord; name: string },
  signal: AbortSignal,
): Promise<Written | null> {
  // Any name that someone gave the entry in ELO may stay.
  if (name !== nameOf(entry) && eloNames.fitting(name) !== null) return nameImpossible(name);
  if (item.isFolder) {
    const above = (await archive.above(folder, signal)) ?? [];
    if ([folder, ...above].some(({ id }) => id === entry.id)) return folderInItself;
  }
  const there = await archive.named(folder, name, signal);
  return there.some(({ key }) => key !== item.key) ? nameTaken : null;
}

/** References count as well: with one, the folder is not empty for ELO. */
async function holdsSomething(api: Elo['api'], folder: Sord, signal: AbortSignal): Promise<boolean> {
  for await (const page of children(api, folder.guid, signal, 'references too'))
    if (page.length > 0) return true;
  return false;
}
