import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';
import { isAbandoned, isTemporary } from '../tree/temporary-names';
import type { DavClient, Found } from './dav-client';
import { type DavEntry, entryFrom, entryQuery, type HashTrait } from './dav-entry';
import { nameOf } from './places';

/** The items on the server, as the pair sees them. */
export interface DavListing {
  walk(
    signal: AbortSignal,
    isLeftOut: (path: string) => boolean,
  ): AsyncGenerator<readonly PathEntry[], void, undefined>;
  /** Without files that are just being written. Throws `root-missing`. */
  children(path: string, signal: AbortSignal): Promise<readonly DavEntry[]>;
  /** Also with files that are just being written. Null: there is no such folder. */
  everythingIn(path: string, signal: AbortSignal): Promise<readonly DavEntry[] | null>;
  look(path: string, signal: AbortSignal): Promise<DavEntry | null>;
  /** Throws `root-missing` if the root does not exist. */
  needRoot(signal: AbortSignal): Promise<void>;
}

interface Deps {
  readonly client: DavClient;
  readonly hashes: () => HashTrait;
  /** Removes files that a dead process was writing. */
  readonly removeAbandoned: (entries: readonly DavEntry[], signal: AbortSignal) => Promise<void>;
  /** How many folders are requested at a time. */
  readonly atOnce: number;
}

const pageSize = 500;

export function createListing({ client, hashes, removeAbandoned, atOnce }: Deps): DavListing {
  const entries = (found: readonly Found[]) =>
    found.map(({ path, response }) => entryFrom(response, path, hashes()));

  async function everythingIn(path: string, signal: AbortSignal): Promise<readonly DavEntry[] | null> {
    const request = { operation: 'list', path, isFolder: true, depth: '1', body: entryQuery } as const;
    const found = await client.propfind(request, signal);
    if (found === null) return null;
    const all = entries(found);
    const self = all.find((entry) => entry.path === path);
    if (self === undefined)
      throw new Trouble('unavailable', `the listing of "${path}" does not name the folder itself`);
    return self.isFolder ? all.filter((entry) => entry !== self) : null;
  }

  async function look(path: string, signal: AbortSignal): Promise<DavEntry | null> {
    const request = {
      operation: 'fetch',
      path,
      isFolder: path === '',
      depth: '0',
      body: entryQuery,
    } as const;
    const found = await client.propfind(request, signal);
    return entries(found ?? [])[0] ?? null;
  }

  async function needRoot(signal: AbortSignal): Promise<void> {
    if ((await look('', signal))?.isFolder !== true) throw rootMissing();
  }

  const seen = (all: readonly DavEntry[]) => all.filter(({ path }) => !isTemporary(nameOf(path)));

  async function* walk(signal: AbortSignal, isLeftOut: (path: string) => boolean) {
    const waiting = [''];
    while (waiting.length > 0) {
      const folders = waiting.splice(-atOnce);
      const contents = await Promise.all(folders.map((folder) => everythingIn(folder, signal)));
      for (const [place, all] of contents.entries()) {
        if (all === null && folders[place] === '') throw rootMissing();
        // Any other missing folder was removed while the tree was listed.
        await removeAbandoned(
          all?.filter((entry) => isLeftBehind(entry, client.http.clockOffsetMs)) ?? [],
          signal,
        );
        const listed = seen(all ?? []).filter(({ path }) => !isLeftOut(path));
        for (let at = 0; at < listed.length; at += pageSize) yield listed.slice(at, at + pageSize);
        waiting.push(...listed.filter(({ isFolder }) => isFolder).map(({ path }) => path));
      }
    }
  }

  return {
    walk,
    async children(path, signal) {
      const all = await everythingIn(path, signal);
      if (all === null && path === '') throw rootMissing();
      return seen(all ?? []);
    },
    everythingIn,
    look,
    needRoot,
  };
}

const rootMissing = (): Trouble =>
  new Trouble('root-missing', 'root-missing: the folder of the pair is not there');

/** `clockOffsetMs`: the server's clock minus ours, so that a wrong clock makes no file look old. */
export const isLeftBehind = ({ path, modifiedAt }: DavEntry, clockOffsetMs: number | null): boolean =>
  isTemporary(nameOf(path)) &&
  isAbandoned(
    nameOf(path),
    modifiedAt === null ? new Date() : new Date(modifiedAt.getTime() - (clockOffsetMs ?? 0)),
  );
