import { Trouble } from '../../pipeline/trouble';
import type { PathEntry, TreeRemoved } from '../tree/path-tree';
import { isDone, refusalOf } from './answers';
import type { DavClient } from './dav-client';
import { type DavListing, isLeftBehind } from './listing';
import type { ServerTraits } from './server-traits';
import { folderNotEmpty } from '../../pipeline/refusal';

interface Deps {
  readonly client: DavClient;
  readonly listing: DavListing;
  readonly traits: (signal: AbortSignal) => Promise<ServerTraits>;
}

/**
 * Deletes a folder if it is empty. A DELETE also deletes all its contents (RFC 4918, 9.6.1: "as if a Depth: infinity
 * header was used on it"), so it is locked while we check. Without locks, a file that someone adds between the check
 * and the deletion is lost.
 */
export async function removeFolder(
  { client, listing, traits }: Deps,
  { path }: PathEntry,
  signal: AbortSignal,
): Promise<TreeRemoved> {
  const hindrance = async (): Promise<TreeRemoved | null> => {
    const inside = await listing.everythingIn(path, signal);
    if (inside === null) return { kind: 'stale', entry: await listing.look(path, signal) };
    return inside.every((entry) => isLeftBehind(entry, client.http.clockOffsetMs)) ? null : folderNotEmpty;
  };
  const { locks } = await traits(signal);
  const before = await hindrance();
  if (before !== null) return before;
  const token = locks ? await lock(client, path, signal) : null;
  try {
    const now = token === null ? null : await hindrance();
    if (token !== null && now?.kind === 'stale') await removeLocked(client, now.entry, token, signal);
    if (now !== null) return now;
    const headers = token === null ? {} : underLock(client, path, token);
    const request = { operation: 'delete', method: 'DELETE', path, isFolder: true, headers } as const;
    const answer = await client.send(request, signal);
    return isDone(answer) || answer.status === 404 ? { kind: 'done' } : refusalOf(answer, 'DELETE');
  } finally {
    // The lock of a deleted folder is removed as well, because rclone keeps the lock of its name.
    if (token !== null) await unlock(client, path, token);
  }
}

const body = `<?xml version="1.0" encoding="utf-8"?>
<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`;

/** Null: there is nothing to lock, or the server refuses. A lock that is not removed expires by itself. */
export async function lock(client: DavClient, path: string, signal: AbortSignal): Promise<string | null> {
  const answer = await client.send(
    {
      operation: 'delete',
      method: 'LOCK',
      path,
      isFolder: true,
      xml: body,
      headers: { depth: 'infinity', timeout: 'Second-60' },
    },
    signal,
  );
  const [, token] = /<([^>]+)>/.exec(answer.headers.get('lock-token') ?? '') ?? [];
  if (isDone(answer) && token !== undefined) return token;
  if (answer.status === 207) throw new Trouble('unavailable', 'something in the folder is locked');
  return null;
}

/** Uses the whole address: rclone needs it, and without it Apache requires the token of the folder around it. */
const underLock = (client: DavClient, path: string, token: string) => ({
  if: `<${client.places.destination(path, true)}> (<${token}>)`,
});

/**
 * "A successful lock request to an unmapped URL MUST result in the creation of a locked (non-collection) resource with
 * empty content" (RFC 4918, 7.3): the folder was removed right before it was locked.
 */
async function removeLocked(
  client: DavClient,
  entry: PathEntry | null,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  if (entry === null || entry.isFolder || entry.size > 0) return;
  const { path } = entry;
  const headers = { if: `<${client.places.destination(path, false)}> (<${token}>)` };
  await client.send({ operation: 'delete', method: 'DELETE', path, isFolder: false, headers }, signal);
}

export async function unlock(client: DavClient, path: string, token: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  const request = { operation: 'delete', method: 'UNLOCK', path, isFolder: true } as const;
  // If unlocking fails, the lock expires by its time limit.
  await client.send({ ...request, headers: { 'lock-token': `<${token}>` } }, signal).catch(() => undefined);
}
