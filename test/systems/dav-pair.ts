import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFolder, documents, type Folder, rest, treeIn } from './folder-pair';
import { davOutsider } from './webdav';
import type { DavServer } from './webdav-servers';
import { openWorkedPair, type WorkedPair } from './worked-pair';

/** A folder and a folder of a WebDAV server, or two folders of WebDAV servers, that a pair keeps equal. */
export interface DavPair {
  readonly here: Folder;
  readonly there: DavFolder;
  readonly pair: WorkedPair;
  /** A run with all its work. Returns the counts of its changes. */
  readonly run: () => Promise<Readonly<Record<string, number>>>;
  /** Runs until two of them did nothing. What waits for its next attempt is due in each. */
  readonly rest: () => Promise<void>;
  /** Path → bytes of both. */
  readonly trees: () => Promise<{ here: Record<string, string>; there: Record<string, string> }>;
  end(): Promise<void>;
}

export interface DavPairSettings {
  readonly there: DavServer;
  /** Left out: a folder of this machine. */
  readonly here?: DavServer;
  /** Where the pair reaches the server of `there`, if something stands in between. */
  readonly url?: string;
  /** The place of the folder `here`. Left out: a new folder. */
  readonly folder?: string;
  readonly pair?: object;
}

/** Each pair has folders of its own on the servers. */
export async function openDavPair(settings: DavPairSettings): Promise<DavPair> {
  const [here, hereSystem, hereEnd] = await openHere(settings);
  const [there, thereEnd] = await openDavFolder(settings.there);
  const systems = {
    a: hereSystem,
    b: { ...systemOf(settings.there), url: settings.url ?? settings.there.url },
  };
  const akten = {
    ...documents,
    ...settings.pair,
    here: { system: 'a', ...hereEnd },
    there: { system: 'b', ...thereEnd },
  };
  const pair = await openWorkedPair(JSON.stringify({ systems, pairs: { akten } }), {});
  return {
    here,
    there,
    pair,
    run: async () => (await pair.run('check')).counts,
    rest: () => rest(pair),
    trees: async () => ({ here: await here.tree(), there: await there.tree() }),
    async end() {
      await pair.end();
      if (settings.here === undefined) await rm(here.path, { recursive: true, force: true });
    },
  };
}

async function openHere({ here, folder }: DavPairSettings): Promise<readonly [Folder, object, object]> {
  if (here === undefined) {
    const made = await createFolder(folder);
    return [made, { kind: 'file-tree', folder: made.path }, {}];
  }
  const [made, end] = await openDavFolder(here);
  return [made, systemOf(here), end];
}

/** A new folder on a server, and the end of a pair that names it. */
export async function openDavFolder(server: DavServer): Promise<readonly [DavFolder, object]> {
  const root = `${randomUUID().slice(0, 8)} é&%`;
  await davOutsider(server, '').makeFolder(root);
  return [davFolder(server, root), { root }];
}

export const systemOf = ({ url, user, password }: DavServer) => ({
  kind: 'webdav',
  url,
  auth: { user, password },
  limits: { atOnce: 4 },
});

export interface DavFolder extends Folder {
  /** With its properties. What has the name is replaced. */
  copy(from: string, to: string): Promise<void>;
}

/** A folder of a server, in which somebody works with another program. */
export function davFolder(server: DavServer, root: string): DavFolder {
  const outsider = davOutsider(server, root);
  const makeFolder = async (path: string): Promise<void> => {
    const names = path.split('/');
    const known = new Set(await outsider.paths());
    for (const [at] of names.entries()) {
      const folder = names.slice(0, at + 1).join('/');
      if (!known.has(`${folder}/`)) await outsider.makeFolder(folder);
    }
  };
  const needFolderOf = (path: string) => (path.includes('/') ? makeFolder(dirname(path)) : Promise.resolve());
  return {
    path: join(server.folder, root),
    makeFolder,
    async write(path, bytes) {
      await needFolderOf(path);
      await outsider.write(path, bytes);
    },
    async move(from, to) {
      await needFolderOf(to);
      await outsider.move(from, to);
    },
    copy: (from, to) => outsider.copy(from, to),
    remove: (path) => outsider.remove(path),
    tree: async () =>
      Object.fromEntries(
        Object.entries(await treeIn(join(server.folder, root))).filter(([path]) => !isOfServer(path)),
      ),
  };
}

/** Apache stores properties next to the files. */
const isOfServer = (path: string): boolean => path.split('/').includes('.DAV');
