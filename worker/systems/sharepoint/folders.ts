import { type DriveItem, readItem } from './drive-items';
import type { GraphApi } from './graph-api';
import { isNotFound, isSuccess, troubleOf } from './graph-error';
import type { Root } from './library';

/**
 * Which folders lie in the folder of the pair. Graph lists a whole library, with the id of each item's folder and no
 * paths; what it does not tell is asked for.
 */
export interface Folders {
  /** Whether what lies in that folder lies in the folder of the pair. */
  holds(folderId: string, root: Root, signal: AbortSignal): Promise<boolean>;
  /** A listing showed it: it lies in that folder now. Null: it is gone. */
  told(folderId: string, parentId: string | null): void;
  /** As far as listings have told, it lay in the folder of the pair before now. */
  wasWithin(folderId: string, root: Root): boolean;
  /** A listing begins. */
  begin(): void;
  /** It goes on from there. Forgets everything that listings told, unless they ended exactly there. */
  goOn(from: string | null): void;
  /** What was told until there is complete. */
  reached(at: string): void;
}

/** About 40 MB. Of a library with more folders, those that were moved are listed with all that lies in them. */
const mostTold = 200_000;
const mostLooked = 10_000;

export function createFolders(api: GraphApi): Folders {
  /** The folder of each folder, as listings told it. */
  const parents = new Map<string, string>();
  let reached: string | null = null;
  /** As we looked ourselves: this may be newer than what the listings have got to. Null: it lies in no folder. */
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
      // Another process may have listed since, or a page was told in part: what is known here is not complete then.
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
  // What lies in a notebook is no file of a folder.
  if ((item.root ?? null) !== null || (item.package ?? null) !== null) return null;
  return item.parentReference?.id ?? null;
}
