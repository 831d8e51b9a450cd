import type { HttpAnswer } from '../../outside/http-client';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { NewEntry, PathEntry, TreeWritten } from '../tree/path-tree';
import { leaveBehind, temporaryName } from '../tree/temporary-names';
import { isDone, refusalOf } from './answers';
import type { DavClient } from './dav-client';
import { isAsExpected, refusesItsOwnTag } from './expectations';
import type { DavListing } from './listing';
import { folderOf, joined, nameOf } from './places';
import { isKept, preconditionAt, preconditionOf } from './preconditions';
import { keepKey } from './properties';
import type { ServerTraits } from './server-traits';
import { nameTaken } from '../../pipeline/refusal';

interface Deps {
  readonly client: DavClient;
  readonly listing: DavListing;
}

export interface NewFile {
  readonly path: string;
  readonly content: Content;
  readonly wish: NewEntry;
}

export interface Replacement {
  readonly expected: PathEntry;
  readonly content: Content;
}

/**
 * Writes files so that they are complete when they get their names: by one PUT if the server can do that, otherwise
 * under a temporary name first.
 */
export interface FileWrites {
  make(traits: ServerTraits, file: NewFile, signal: AbortSignal): Promise<TreeWritten>;
  replace(traits: ServerTraits, replacement: Replacement, signal: AbortSignal): Promise<TreeWritten>;
}

type Headers = Readonly<Record<string, string>>;

export const createFileWrites = (deps: Deps): FileWrites => ({
  make: (traits, file, signal) =>
    traits.isAtomic && traits.putsOnlyNew
      ? makeAtOnce(deps, traits, file, signal)
      : makeAside(deps, traits, file, signal),
  replace: (traits, replacement, signal) =>
    traits.isAtomic && isKept(preconditionOf(traits, deps.client.places, replacement.expected))
      ? replaceAtOnce(deps, traits, replacement, signal)
      : replaceAside(deps, traits, replacement, signal),
});

// By one PUT

async function makeAtOnce(
  { client, listing }: Deps,
  { keepsProperties }: ServerTraits,
  { path, content, wish }: NewFile,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const answer = await put(
    client,
    { path, content, headers: { 'if-none-match': '*', ...dated(wish) } },
    signal,
  );
  if (!isDone(answer)) return refusalOf(answer, 'PUT');
  if (keepsProperties) await keepKey(client, { path, isFolder: false, key: wish.origin }, signal);
  return stored(listing, path, content, signal);
}

async function replaceAtOnce(
  { client, listing }: Deps,
  traits: ServerTraits,
  { expected, content }: Replacement,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const { path } = expected;
  const headers = { ...preconditionOf(traits, client.places, expected), ...dated(content) };
  const answer = await put(client, { path, content, headers }, signal);
  if (isDone(answer)) return stored(listing, path, content, signal);
  if (![404, 405, 409, 412].includes(answer.status)) return refusalOf(answer, 'PUT');
  const entry = await listing.look(path, signal);
  if (isAsExpected(entry, expected)) throw refusesItsOwnTag(path);
  return { kind: 'stale', entry };
}

// Under a temporary name

async function makeAside(
  deps: Deps,
  traits: ServerTraits,
  { path, content, wish }: NewFile,
  signal: AbortSignal,
): Promise<TreeWritten> {
  if ((await deps.listing.look(path, signal)) !== null) return nameTaken;
  return aside(deps, { path, content, headers: dated(wish) }, signal, async (temporary) => {
    const { client, listing } = deps;
    if (traits.keepsProperties)
      await keepKey(client, { path: temporary, isFolder: false, key: wish.origin }, signal);
    if (!traits.movesOnlyToFree && (await listing.look(path, signal)) !== null) return nameTaken;
    const headers = { destination: client.places.destination(path, false), overwrite: 'F' };
    const answer = await moveOf(client, temporary, headers, signal);
    return isDone(answer) ? stored(listing, path, content, signal) : refusalOf(answer, 'MOVE');
  });
}

/** Checks right before the old content is replaced that it is still the expected one. */
async function replaceAside(
  deps: Deps,
  traits: ServerTraits,
  { expected, content }: Replacement,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const { client, listing } = deps;
  const { path } = expected;
  const early = await listing.look(path, signal);
  if (early === null || !isAsExpected(early, expected)) return { kind: 'stale', entry: early };
  return aside(deps, { path, content, headers: dated(content) }, signal, async (temporary) => {
    // A file that replaces another one has none of its properties.
    const key = early.origin;
    if (traits.keepsProperties && key !== null)
      await keepKey(client, { path: temporary, isFolder: false, key }, signal);
    const now = await listing.look(path, signal);
    if (!isAsExpected(now, expected)) return { kind: 'stale', entry: now };
    const destination = client.places.destination(path, false);
    const headers = { destination, overwrite: 'T', ...preconditionAt(traits, client.places, expected) };
    const answer = await moveOf(client, temporary, headers, signal);
    if (isDone(answer)) return stored(listing, path, content, signal);
    if (answer.status !== 412) return refusalOf(answer, 'MOVE');
    const entry = await listing.look(path, signal);
    if (isAsExpected(entry, expected)) throw refusesItsOwnTag(path);
    return { kind: 'stale', entry };
  });
}

/** Nothing stays under the temporary name, whatever happens. */
async function aside(
  { client, listing }: Deps,
  { path, content, headers }: PutRequest,
  signal: AbortSignal,
  finish: (temporary: string) => Promise<TreeWritten>,
): Promise<TreeWritten> {
  const temporary = joined(folderOf(path), temporaryName());
  let isMoved = false;
  try {
    const answer = await put(client, { path: temporary, content, headers }, signal);
    if (!isDone(answer)) return refusalOf(answer, 'PUT');
    // The content is checked before it gets its name, because a server may claim to have stored something that it has
    // not.
    await stored(listing, temporary, content, signal);
    const written = await finish(temporary);
    isMoved = written.kind === 'done';
    return written;
  } finally {
    if (!isMoved) await discard(client, temporary);
  }
}

/** This is done even if the run was aborted. If it fails, the next listing removes the file. */
async function discard(client: DavClient, path: string): Promise<void> {
  const request = { operation: 'delete', method: 'DELETE', path, isFolder: false } as const;
  const answer = await client.send(request, AbortSignal.timeout(10_000)).catch(() => null);
  // A server that says 404 may still be storing what was cut.
  if (answer === null || !isDone(answer)) leaveBehind(nameOf(path));
}

// Calls

interface PutRequest {
  readonly path: string;
  readonly content: Content;
  readonly headers: Headers;
}

/**
 * The content is opened first, because it may come from the same system, and would otherwise wait until this call has
 * ended.
 */
async function put(
  client: DavClient,
  { path, content, headers }: PutRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const pieces = await content.open(signal);
  const stream = { type: 'application/octet-stream', size: content.size, pieces };
  return client.send({ operation: 'create', method: 'PUT', path, isFolder: false, stream, headers }, signal);
}

const moveOf = (
  client: DavClient,
  path: string,
  headers: Headers,
  signal: AbortSignal,
): Promise<HttpAnswer> =>
  client.send({ operation: 'move', method: 'MOVE', path, isFolder: false, headers }, signal);

/** The header of Nextcloud, ownCloud and rclone, in seconds; other servers ignore it. */
const dated = ({ modifiedAt }: { readonly modifiedAt?: Date | null }): Headers =>
  modifiedAt ? { 'x-oc-mtime': String(Math.floor(modifiedAt.getTime() / 1000)) } : {};

async function stored(
  listing: DavListing,
  path: string,
  content: Content,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const entry = await listing.look(path, signal);
  if (entry === null || entry.isFolder || entry.size !== content.size)
    throw new Trouble(
      'unavailable',
      `the server said that it had stored ${content.size} bytes, and shows ${entry === null ? 'nothing' : entry.size}`,
    );
  return { kind: 'done', entry };
}
