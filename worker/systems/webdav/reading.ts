import type { HttpStream } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';
import type { DavClient } from './dav-client';
import { etagIn, etagOf } from './dav-entry';
import type { DavListing } from './listing';

/** What reading needs. */
export interface ReadingDeps {
  readonly client: DavClient;
  readonly listing: DavListing;
}

/** How often a broken transfer is continued. */
const mostResumptions = 5;
/** A server reads shorter contents at once, so they cannot change in between. */
const lookedAgainFromBytes = 65_536;

/**
 * The bytes of a file as it was listed. A broken transfer is continued if the server can do that. Throws `unavailable`
 * if the file has changed.
 */
export async function readFile(
  deps: ReadingDeps,
  entry: PathEntry,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const first = await openAt(deps.client, entry, 0, signal);
  return readPieces(deps, entry, first, signal);
}

async function* readPieces(
  deps: ReadingDeps,
  entry: PathEntry,
  first: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const state = { read: 0 };
  let pieces = first;
  for (let resumptions = 0; ; resumptions++) {
    try {
      yield* counted(pieces, state, entry);
      break;
    } catch (error) {
      const mayResume = isBreak(error) && resumptions < mostResumptions && etagOf(entry) !== null;
      if (!mayResume) throw error;
      signal.throwIfAborted();
      pieces = await openAt(deps.client, entry, state.read, signal);
    }
  }
  if (entry.size < lookedAgainFromBytes) return;
  const now = await deps.listing.look(entry.path, signal);
  if (now?.revision !== entry.revision) throw changed(entry);
}

class Break extends Trouble {}

const isBreak = (error: unknown): boolean => error instanceof Break;

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  state: { read: number },
  entry: PathEntry,
): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await source.next().catch((error: unknown) => {
        throw error instanceof Trouble && error.kind === 'unavailable'
          ? new Break('unavailable', `the transfer of ${entry.path} broke off: ${error.message}`)
          : error;
      });
      if (next.done === true) break;
      state.read += next.value.byteLength;
      // A response that unpacks to more bytes than announced ends here as well.
      if (state.read > entry.size) throw changed(entry);
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
  if (state.read < entry.size)
    throw new Break('unavailable', `the transfer of ${entry.path} ended after ${state.read} bytes`);
}

async function openAt(
  client: DavClient,
  entry: PathEntry,
  start: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const etag = etagOf(entry);
  const answer = await client.http.open(
    {
      operation: 'read',
      method: 'GET',
      path: client.places.of(entry.path, false),
      isText: true,
      // Packed bytes could be neither counted nor resumed.
      headers: {
        'accept-encoding': 'identity',
        ...(start > 0 && etag !== null ? rangeFrom(start, etag) : {}),
      },
    },
    signal,
  );
  if (!('bytes' in answer)) throw refusedRead(entry, answer.status);
  const shown = etagIn(answer.headers.get('etag'));
  if (shown !== null && etag !== null && shown !== etag) {
    await cancel(answer);
    throw changed(entry);
  }
  if (start === 0) return answer.bytes;
  if (answer.status === 206 && beginsAt(answer, start)) return answer.bytes;
  // The whole file again. Without an equal tag, the beginning may belong to another content.
  if (answer.status === 200 && shown !== null) return without(answer.bytes, start);
  await cancel(answer);
  throw changed(entry);
}

/** "if the representation is unchanged, send me the part(s) that I am requesting in Range; otherwise, send me the entire representation" (RFC 9110, 13.1.5). */
const rangeFrom = (start: number, etag: string) => ({ range: `bytes=${start}-`, 'if-range': etag });

const beginsAt = ({ headers }: HttpStream, start: number): boolean =>
  (headers.get('content-range') ?? '').startsWith(`bytes ${start}-`);

async function* without(pieces: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const piece of pieces) {
    const skipped = Math.min(left, piece.byteLength);
    left -= skipped;
    if (skipped < piece.byteLength) yield piece.subarray(skipped);
  }
}

/** A stream can only be cancelled after it has begun, so its first piece is read. */
async function cancel({ bytes }: HttpStream): Promise<void> {
  const pieces = bytes[Symbol.asyncIterator]();
  await pieces.next();
  await pieces.return?.();
}

function refusedRead({ path }: PathEntry, status: number): Trouble {
  if (status === 404 || status === 410) return new Trouble('unavailable', `${path} is no longer there`);
  if (status === 403) return new Trouble('invalid', `our user may not read ${path}`);
  return new Trouble('unavailable', `GET of ${path} returned ${status}`);
}

const changed = ({ path }: PathEntry): Trouble =>
  new Trouble('unavailable', `${path} has changed since it was looked at; it is read again`);
