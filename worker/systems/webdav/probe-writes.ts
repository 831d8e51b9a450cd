import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Trouble } from '../../pipeline/trouble';
import { isDone } from './answers';
import type { DavEntry, HashTrait } from './dav-entry';
import { conditionOn } from './preconditions';
import { keepKey } from './properties';
import { lock, unlock } from './remove-folder';
import type { Scratch } from './scratch';
import type { ServerTraits } from './server-traits';

// Finds out what a server does when something is written. The stored result counts, not the response.

/** The properties of one file before and after another content of the same size was written. */
export interface Rewritten {
  readonly before: DavEntry;
  readonly after: DavEntry;
}

const [first, second] = ['one', 'two'];

/** Throws `invalid` if the server does not store what it claims to have stored. */
export async function rewrite(scratch: Scratch): Promise<Rewritten> {
  const [before, after] = [await stored(scratch, 'a', first), await stored(scratch, 'a', second)];
  return { before, after };
}

async function stored(scratch: Scratch, name: string, text: string): Promise<DavEntry> {
  const isSaid = await scratch.put(name, text);
  if (!isSaid) throw new Trouble('invalid', 'the server takes no file there');
  const entry = await scratch.look(name);
  if (entry === null || entry.size !== text.length || (await scratch.text(name)) !== text)
    throw new Trouble('invalid', 'the server says that it has stored a file, and does not return it');
  return entry;
}

export async function putsOnlyNew(scratch: Scratch): Promise<boolean> {
  await scratch.put('a', 'bad', { 'if-none-match': '*' });
  if ((await scratch.text('a')) !== second) {
    await scratch.put('a', second);
    return false;
  }
  return scratch.put('new', 'new', { 'if-none-match': '*' });
}

/** RFC 4918, 9.3.1: "405 (Method Not Allowed) - MKCOL can only be executed on an unmapped URL." */
export async function foldersOnlyNew(scratch: Scratch): Promise<boolean> {
  const { client, signal } = scratch;
  const request = {
    operation: 'probe',
    path: scratch.path('folder'),
    isFolder: true,
    method: 'MKCOL',
  } as const;
  const [first, again] = [await client.send(request, signal), await client.send(request, signal)];
  return isDone(first) && !isDone(again);
}

/** The header by which the server refuses a PUT, a MOVE and a DELETE of a changed file, and no others. */
export async function precondition(
  scratch: Scratch,
  { before, after }: Rewritten,
): Promise<ServerTraits['precondition']> {
  if (before.etag === null || after.etag === null || before.etag === after.etag) return 'none';
  for (const header of ['if', 'if-match'] as const)
    if (await holds(scratch, before.etag, header)) return header;
  return 'none';
}

async function holds(scratch: Scratch, stale: string, header: 'if' | 'if-match'): Promise<boolean> {
  const headersOf = (name: string, etag: string) =>
    conditionOn(header, scratch.client.places.of(scratch.path(name), false), etag);
  await scratch.put('p', 'kept');
  const now = await scratch.look('p');
  const current = now?.etag ?? null;
  if (current === null || current === stale) return false;
  await scratch.put('p', 'bad', headersOf('p', stale));
  await scratch.move('p', 'p2', headersOf('p', stale));
  await scratch.remove('p', headersOf('p', stale));
  if ((await scratch.text('p')) !== 'kept') return false;
  if (!(await scratch.put('p', 'other', headersOf('p', current)))) return false;
  const other = (await scratch.look('p'))?.etag ?? '';
  if (!(await scratch.move('p', 'p2', headersOf('p', other)))) return false;
  const moved = (await scratch.look('p2'))?.etag ?? '';
  return scratch.remove('p2', headersOf('p2', moved));
}

/** Throws `invalid` if the server does not move the file. */
export async function movesOnlyToFree(scratch: Scratch): Promise<boolean> {
  await scratch.put('b', first);
  await scratch.move('b', 'a');
  const isRefused = (await scratch.text('a')) === second && (await scratch.text('b')) === first;
  if (!isRefused) await scratch.put('b', first);
  await scratch.move('b', 'c');
  if ((await scratch.text('c')) !== first || (await scratch.look('b')) !== null)
    throw new Trouble('invalid', 'the server does not move files');
  await scratch.put('a', second);
  return isRefused;
}

export async function keepsProperties(scratch: Scratch): Promise<boolean> {
  const key = 'probe';
  const { client, signal } = scratch;
  await scratch.put('k', first);
  if (!(await keepKey(client, { path: scratch.path('k'), isFolder: false, key }, signal))) return false;
  if ((await scratch.look('k'))?.origin !== key) return false;
  await scratch.move('k', 'k2');
  return (await scratch.look('k2'))?.origin === key;
}

export async function locks(scratch: Scratch): Promise<boolean> {
  const { client, signal } = scratch;
  const folder = scratch.path('locked');
  const request = { operation: 'probe', path: folder, isFolder: true, method: 'MKCOL' } as const;
  if (!isDone(await client.send(request, signal))) return false;
  const token = await lock(client, folder, signal);
  if (token === null) return false;
  const isRefused = await isLocked(scratch.put('locked/x', first));
  await unlock(client, folder, token);
  return isRefused && (await scratch.look('locked/x')) === null && (await scratch.put('locked/x', first));
}

/** "423 Locked" is the expected status; in other places it means that the call is tried again. */
async function isLocked(put: Promise<boolean>): Promise<boolean> {
  try {
    return !(await put);
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'unavailable') return true;
    throw error;
  }
}

const cutAfterBytes = 262_144;
const cutSize = 400_000;
const looks = 3;
const betweenLooksMs = 120;

/** Cuts off two transfers, of a new file and of an existing one. Some servers only keep parts of more than 100 KiB. */
export async function isAtomic(scratch: Scratch): Promise<boolean> {
  await scratch.put('old', first);
  await Promise.all([cut(scratch, 'old'), cut(scratch, 'cut')]);
  for (let look = 0; look < looks; look++) {
    if ((await scratch.look('cut')) !== null || (await scratch.text('old')) !== first) return false;
    await pause(betweenLooksMs, undefined, { signal: scratch.signal });
  }
  return true;
}

class Cut extends Error {}

async function cut(scratch: Scratch, name: string): Promise<void> {
  const { client, signal } = scratch;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < cutAfterBytes; sent += 65_536) yield Buffer.alloc(65_536, 'x');
    // The sent bytes must arrive before the connection ends.
    await pause(betweenLooksMs);
    throw new Cut();
  }
  const stream = { type: 'application/octet-stream', size: cutSize, pieces: pieces() };
  const request = { operation: 'probe', method: 'PUT', path: scratch.path(name), isFolder: false } as const;
  await client.send({ ...request, stream }, signal).catch((error: unknown) => {
    if (!(error instanceof Cut) && !(error instanceof Trouble && error.kind === 'unavailable')) throw error;
  });
}

/** A hash of the server is trusted if it was right for two contents. */
export function hashesIn({ before, after }: Rewritten): HashTrait {
  const contents = [
    { entry: before, text: first },
    { entry: after, text: second },
  ];
  if (contents.every(({ entry, text }) => entry.etag === `"${digest('md5', text)}"`)) return 'etag-md5';
  const areChecksumsRight = contents.every(({ entry: { checksums }, text }) => {
    const [, kind = '', value = ''] = /\b(SHA256|SHA1|MD5):([\da-f]+)/i.exec(checksums) ?? [];
    return value !== '' && value.toLowerCase() === digest(kind.toLowerCase(), text);
  });
  return areChecksumsRight ? 'checksums' : 'none';
}

const digest = (kind: string, text: string): string => createHash(kind).update(text).digest('hex');
