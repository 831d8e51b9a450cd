import { type DriveItem, readItem } from './drive-items';
import type { GraphApi } from './graph-api';
import { isNotFound, isSuccess, troubleOf } from './graph-error';
import type { Root } from './library';

/**
 * Knows which folders are in the folder of the pair. Graph lists a whole library, with the id of each item's folder but
 * without paths; unknown folders are fetched.
 */
export interface Folders {
  /** True if the items of that folder are in the folder of the pair. */
  holds(folderId: string, root: Root, signal: AbortSignal): Promise<boolean>;
  /** Call it when a listing has shown a folder: it is in that folder now. Null: it is gone. */
  told(folderId: string, parentId: string | null): void;
  /** True if earlier listings have shown it in the folder of the pair. */
  wasWithin(folderId: string, root: Root): boolean;
  /** A listing begins. */
  begin(): void;
  /** A listing continues from there. Everything from earlier listings is forgotten, unless they ended exactly there. */
  goOn(from: string | null): void;
  /** All folders up to there are known. */
  reached(at: string): void;
}

/** About 40 MB. In a library with more folders, moved folders are listed with all their contents. */
const mostTold = 200_000;
const mostLooked = 10_000;

export function createFolders(api: GraphApi): Folders {
  /** The folder of each folder, from listings. */
  const parents = new Map<string, string>();
  let reached: string | null = null;
  /** The folder of each folder that was fetched; this may be newer than the listings. Null: it is in no folder. */
  const looked = new Map<string, string | null>();

  async function parentOf(id: string, root: Root, signal: AbortSignal): Promise<string | null> {
    const known = parents.get(id) ?? looked.get(id);
    if (known !== undefined) return known;
    const parent = await lookAtParent(api, id, root, signal);
    if (looked.size >= mostLooked) looked.clear();
    looked.set(id, parent);
    return parent;
  }

  return {
    async holds(folderId, root, signal) {
      const seen = new Set<string>();
      let id: string | null = folderId;
      while (id !== null && id !== root.id && !seen.has(id)) {
        seen.add(id);
        id = await parentOf(id, root, signal);
      }
      return id === root.id;
    },
    told(folderId, parentId) {
      looked.delete(folderId);
      if (parentId === null) parents.delete(folderId);
      else parents.set(folderId, parentId);
      if (parents.size > mostTold) parents.clear();
    },
    wasWithin(folderId, root) {
      const seen = new Set<string>();
      let id = parents.get(folderId);
      while (id !== undefined && id !== root.id && !seen.has(id)) {
        seen.add(id);
        id = parents.get(id);
      }
      return id === root.id;
    },
    begin: () => looked.clear(),
    goOn(from) {
      // Another process may have listed since, or a page was only read in part. Then the folders known here are not
      // complete.
      if (from === null || from !== reached) parents.clear();
      reached = null;
    },
    reached(at) {
      reached = at;
    },
  };
}

async function lookAtParent(
  api: GraphApi,
  id: string,
  { drivePath }: Root,
  signal: AbortSignal,
): Promise<string | null> {
  const path = `${drivePath}/items/${encodeURIComponent(id)}?$select=id,root,folder,package,parentReference`;
  const answer = await api.call({ operation: 'list', method: 'GET', path }, signal);
  if (isNotFound(answer)) return null;
  if (!isSuccess(answer)) throw troubleOf(answer, 'a folder cannot be read');
  const item: DriveItem = readItem(answer.json);
  // The contents of a notebook are not files in a folder.
  if ((item.root ?? null) !== null || (item.package ?? null) !== null) return null;
  return item.parentReference?.id ?? null;
}
