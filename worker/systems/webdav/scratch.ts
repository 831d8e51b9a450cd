import { bytesOf } from '../../../shared/formats/bytes-of';
import { Trouble } from '../../pipeline/trouble';
import { leaveBehind, temporaryName } from '../tree/temporary-names';
import { isDone, refusalOf } from './answers';
import type { DavClient } from './dav-client';
import type { DavEntry } from './dav-entry';
import type { DavListing } from './listing';

/** A temporary folder in which a server is tried. No listing shows it, because of its name. */
export interface Scratch {
  readonly client: DavClient;
  readonly listing: DavListing;
  readonly signal: AbortSignal;
  /** The path from the root of the pair. */
  path(name: string): string;
  /** True: according to the server, it was stored. */
  put(name: string, text: string, headers?: Readonly<Record<string, string>>): Promise<boolean>;
  /** The bytes as text; null: there is no such file. */
  text(name: string): Promise<string | null>;
  look(name: string): Promise<DavEntry | null>;
  /** True: according to the server, it was moved. */
  move(from: string, to: string, headers?: Readonly<Record<string, string>>): Promise<boolean>;
  remove(name: string, headers?: Readonly<Record<string, string>>): Promise<boolean>;
}

export interface ScratchDeps {
  readonly client: DavClient;
  readonly listing: DavListing;
}

/** Makes such a folder, and removes it whatever happens. Null: the server cannot make a folder there. */
export async function withScratch<T>(
  deps: ScratchDeps,
  signal: AbortSignal,
  run: (scratch: Scratch) => Promise<T>,
): Promise<T | null> {
  const folder = temporaryName();
  const request = { operation: 'probe', path: folder, isFolder: true } as const;
  const made = await deps.client.send({ ...request, method: 'MKCOL' }, signal);
  if (!isDone(made)) {
    // This may be different later, so it says nothing about what the server can do.
    if (made.status >= 500) refusalOf(made, 'MKCOL');
    return null;
  }
  try {
    return await run(scratchIn(deps, folder, signal));
  } finally {
    const last = AbortSignal.timeout(10_000);
    const removed = await deps.client.send({ ...request, method: 'DELETE' }, last).catch(() => null);
    // The next listing removes it.
    if (removed === null || !isDone(removed)) leaveBehind(folder);
  }
}

const operation = 'probe';
const mostBytes = 1_000_000;

function scratchIn({ client, listing }: ScratchDeps, folder: string, signal: AbortSignal): Scratch {
  const path = (name: string) => `${folder}/${name}`;
  return {
    client,
    listing,
    signal,
    path,
    put: async (name, text, headers = {}) => {
      const bytes = Buffer.from(text);
      const stream = { type: 'application/octet-stream', size: bytes.length, pieces: onePiece(bytes) };
      const request = {
        operation,
        method: 'PUT',
        path: path(name),
        isFolder: false,
        stream,
        headers,
      } as const;
      return isDone(await client.send(request, signal));
    },
    async text(name) {
      const request = { operation, method: 'GET', path: client.places.of(path(name), false) } as const;
      const answer = await client.http.open({ ...request, isText: true }, signal);
      if (!('bytes' in answer)) return null;
      const tooLong = () => new Trouble('unavailable', 'more came back than was sent');
      return (await bytesOf(answer.bytes, { maxBytes: mostBytes, tooLong })).toString('utf8');
    },
    look: (name) => listing.look(path(name), signal),
    move: async (from, to, headers = {}) =>
      isDone(
        await client.send(
          {
            operation,
            method: 'MOVE',
            path: path(from),
            isFolder: false,
            headers: { destination: client.places.destination(path(to), false), overwrite: 'F', ...headers },
          },
          signal,
        ),
      ),
    remove: async (name, headers = {}) =>
      isDone(
        await client.send(
          { operation, method: 'DELETE', path: path(name), isFolder: false, headers },
          signal,
        ),
      ),
  };
}

async function* onePiece(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
