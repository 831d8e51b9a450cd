import type { Item, Match, System } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { createDownloads } from './downloads';
import { type DriveItem, isKept, itemOf, readItem, selected } from './drive-items';
import { createFolders } from './folders';
import type { GraphApi } from './graph-api';
import { isNotFound, isSuccess, troubleOf } from './graph-error';
import type { Library, Root } from './library';
import { childrenOf, listDelta } from './listing';
import { sharepointNames } from './names';
import { mayWrite } from './probe';
import type { UploadSettings } from './uploads';
import { createWriting } from './writing';

export interface DocumentParts {
  readonly api: GraphApi;
  readonly library: Library;
  readonly uploads: UploadSettings;
}

/** The files and folders of a library that are in the folder of a pair. */
export function createDocuments({ api, library, uploads }: DocumentParts): Omit<System, 'capabilities'> {
  const folders = createFolders(api);
  const shown = (item: DriveItem, { drivePath, id }: Root, isListed: boolean): Item =>
    itemOf(item, { rootId: id, open: createDownloads(api, drivePath), isListed });

  /** Null: it is gone, or it is elsewhere. */
  async function look(key: string, signal: AbortSignal): Promise<Item | null> {
    const root = await library.root(signal);
    const path = `${root.drivePath}/items/${encodeURIComponent(key)}?${selected}`;
    return keptAt(await get(api, 'fetch', path, signal), root, signal);
  }

  async function keptAt(item: DriveItem | null, root: Root, signal: AbortSignal): Promise<Item | null> {
    const parent = item?.parentReference?.id;
    if (item === null || parent === undefined || !isKept(item)) return null;
    return (await folders.holds(parent, root, signal)) ? shown(item, root, false) : null;
  }

  async function find(match: Match, signal: AbortSignal): Promise<readonly Item[]> {
    const root = await library.root(signal);
    switch (match.by) {
      case 'fields':
      case 'origin':
        return [];
      case 'place': {
        if (sharepointNames.fitting(match.name) !== null) return [];
        const folder = `${root.drivePath}/items/${encodeURIComponent(match.parent ?? root.id)}`;
        const path = `${folder}:/${encodeURIComponent(match.name)}?${selected}`;
        const item = await keptAt(await get(api, 'find', path, signal), root, signal);
        return item === null ? [] : [item];
      }
      case 'parent': {
        const items: Item[] = [];
        for await (const page of childrenOf(api, match.parent ?? root.id, root, signal))
          items.push(...page.filter(isKept).map((item) => shown(item, root, false)));
        return items;
      }
    }
  }

  const writing = createWriting({
    api,
    uploads,
    root: (signal) => library.root(signal),
    lookAtRoot: (signal) => library.lookAtRoot(signal),
    look,
    itemOf: (item, root) => shown(item, root, false),
    mayWrite: (signal) => mayWrite(api, library, signal),
    async firstIn(key, signal) {
      const root = await library.root(signal);
      for await (const page of childrenOf(api, key, root, signal)) if (page.length > 0) return page;
      return [];
    },
    liesIn: async (folderId, other, signal) => {
      const root = await library.root(signal);
      return folders.holds(folderId, { ...root, id: other }, signal);
    },
  });

  return {
    list: (since, signal) =>
      listDelta({ api, library, folders, itemOf: (item, root) => shown(item, root, true) }, since, signal),
    async fetch(keys, signal) {
      const items = await Promise.all(keys.map((key) => look(key, signal)));
      const found = items.filter((item) => item !== null);
      // If the library or the folder is missing, nothing counts as gone.
      if (found.length < keys.length) await library.lookAtRoot(signal);
      return new Map(found.map((item) => [item.key, item]));
    },
    find,
    create: (_key, draft, signal) => writing.create(draft, signal),
    update: (key, patch, expected, signal) => writing.update(key, patch, expected, signal),
    move: (key, place, expected, signal) => writing.move(key, place, expected, signal),
    delete: (key, expected, signal) => writing.delete(key, expected, signal),
  };
}

/** Null: there is no such item. */
async function get(
  api: GraphApi,
  operation: string,
  path: string,
  signal: AbortSignal,
): Promise<DriveItem | null> {
  const answer = await api.call({ operation, method: 'GET', path }, signal);
  if (isNotFound(answer)) return null;
  if (isSuccess(answer)) return readItem(answer.json);
  // "403 for one entity gives it up": if our user may not read anything, the listing shows it.
  if (answer.status === 403) throw new Trouble('invalid', 'the item may not be read');
  throw troubleOf(answer, 'an item cannot be read');
}
