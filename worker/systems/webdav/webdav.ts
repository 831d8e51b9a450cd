import { folderEnd } from '../../../shared/systems/settings-parts';
import { webdavSettings } from '../../../shared/systems/webdav';
import type { Outside, SystemOpening, TreeConnector } from '../remote-system';
import type { PathTree } from '../tree/path-tree';
import { createDavClient, type DavClient } from './dav-client';
import type { DavEntry } from './dav-entry';
import { createListing, type DavListing } from './listing';
import { createPlaces, folderOf } from './places';
import { probeWebdav } from './probe';
import { findTraits } from './probe-traits';
import { readFile } from './reading';
import { carefulTraits, type ServerTraits, traitsIn, treeTraitsOf } from './server-traits';
import { createWrites, isSameSpelled } from './writes';

/**
 * A WebDAV server (RFC 4918). A probe, which is stored with the system, shows which parts of the standard it obeys. A
 * server that was not probed yet is probed before the first write; reading relies on nothing, and a plan writes
 * nothing.
 */
export function createWebdavConnector(): TreeConnector {
  const found: FoundTraits = new Map();
  return {
    openTree: (opening, outside) => openTree(opening, outside, found),
    registerWebhooks: null,
  };
}

/** The traits that this process has found itself, by address and user. */
type FoundTraits = Map<string, Promise<ServerTraits>>;

async function openTree(opening: SystemOpening, outside: Outside, found: FoundTraits): Promise<PathTree> {
  const settings = webdavSettings.parse(opening.config);
  const { root } = folderEnd.parse(opening.end ?? {});
  const client = createDavClient({
    places: createPlaces(settings.url, root),
    auth: settings.auth,
    secrets: opening.secrets,
    outside,
  });
  const name = JSON.stringify([settings.url, settings.auth?.user]);
  const known = traitsIn(opening.found ?? []) ?? (await found.get(name)?.catch(() => null)) ?? null;
  let traits = known;
  const listing = createListing({
    client,
    hashes: () => (traits ?? carefulTraits).hashes,
    removeAbandoned: (entries, signal) => remove(client, entries, signal),
    atOnce: settings.limits.atOnce,
  });

  async function traitsNow(signal: AbortSignal): Promise<ServerTraits> {
    traits ??= await foundBefore(found, name, () => findTraits({ client, listing }, signal));
    return traits;
  }

  return {
    get traits() {
      return treeTraitsOf(traits ?? carefulTraits);
    },
    list: (signal, isLeftOut = () => false) => listing.walk(signal, isLeftOut),
    children: (path, signal) => listing.children(path, signal),
    look: (path, signal) => lookSure(listing, traits ?? carefulTraits, path, signal),
    read: (entry, signal) => readFile({ client, listing }, entry, signal),
    ...createWrites({ client, listing, traits: traitsNow, areNamesKnown: known !== null }),
    probe: (signal) => probeWebdav({ client, listing }, signal),
    close: () => Promise.resolve(),
  };
}

/** One probe at a time; the result of a failed probe is forgotten. */
async function foundBefore(
  found: FoundTraits,
  name: string,
  find: () => Promise<ServerTraits>,
): Promise<ServerTraits> {
  const finding = found.get(name) ?? find();
  found.set(name, finding);
  try {
    return await finding;
  } catch (error) {
    found.delete(name);
    throw error;
  }
}

/** An item only counts as missing if the root exists. */
async function lookSure(
  listing: DavListing,
  traits: ServerTraits,
  path: string,
  signal: AbortSignal,
): Promise<DavEntry | null> {
  const isOneSpelling = !traits.isCaseBlind && traits.form === 'any';
  const entry =
    isOneSpelling || path === ''
      ? await listing.look(path, signal)
      : await asWritten(listing, traits, path, signal);
  if (entry === null) await listing.needRoot(signal);
  return entry;
}

/** Asked for `README`, rclone shows a file `readme` under the name that was asked for, so its folder is read instead. */
async function asWritten(
  listing: DavListing,
  traits: ServerTraits,
  path: string,
  signal: AbortSignal,
): Promise<DavEntry | null> {
  const inside = (await listing.everythingIn(folderOf(path), signal)) ?? [];
  return (
    inside.find((entry) => entry.path === path) ??
    inside.find((entry) => isSameSpelled(traits, entry.path, path)) ??
    null
  );
}

async function remove(client: DavClient, entries: readonly DavEntry[], signal: AbortSignal): Promise<void> {
  for (const { path, isFolder } of entries)
    await client.send({ operation: 'delete', method: 'DELETE', path, isFolder }, signal);
}
