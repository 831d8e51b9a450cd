import { setTimeout as pause } from 'node:timers/promises';
import type { HttpAnswer, HttpStream } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import { type DriveItem, markOf, type OpenContent, readItem } from './drive-items';
import type { GraphApi } from './graph-api';
import { isNotFound, isSuccess, troubleOf } from './graph-error';

/**
 * Reads files at the address that Graph gives for each one: it is on another host, is valid for some minutes, and is
 * called without our token. The bytes are those of one content from its beginning to its end, or the reading fails.
 */
export const createDownloads =
  (api: GraphApi, drivePath: string): OpenContent =>
  (item, mark) =>
  async (signal) =>
    read(api, { path: `${drivePath}/items/${encodeURIComponent(item.id)}`, item, mark }, signal);

interface Wanted {
  readonly path: string;
  readonly item: DriveItem;
  readonly mark: string | null;
}

async function read(api: GraphApi, wanted: Wanted, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const first = await openAt(api, wanted, 0, signal);
  return pieces(api, wanted, first, signal);
}

/** How often a response that broke off is continued. */
const mostBreaks = 4;
const firstPauseMs = 200;

async function* pieces(
  api: GraphApi,
  wanted: Wanted,
  first: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let [bytes, stream, breaks] = [0, first, 0];
  for (;;) {
    try {
      for await (const piece of stream) {
        bytes += piece.length;
        yield piece;
      }
      break;
    } catch (error) {
      const isBroken = error instanceof Trouble && error.kind === 'unavailable';
      if (!isBroken || breaks >= mostBreaks) throw error;
      await pause(firstPauseMs * 2 ** breaks, undefined, { signal });
      breaks += 1;
      stream = await openAt(api, wanted, bytes, signal);
    }
  }
  // After a break, the rest only belongs to the same content if the content has not changed.
  if (breaks > 0) await look(api, wanted, signal);
  const { size = 0 } = wanted.item;
  if (bytes !== size)
    throw new Trouble('unavailable', `the library says that a file has ${size} bytes, and sends ${bytes}`);
}

async function openAt(
  api: GraphApi,
  wanted: Wanted,
  start: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const now = await look(api, wanted, signal);
  const size = now.size ?? 0;
  if (size === 0 || start >= size) return none();
  const link = now['@microsoft.graph.downloadUrl'];
  if (link === undefined) throw new Trouble('unavailable', 'Graph gives no address for the bytes of a file');
  const { client, path } = api.besides(link);
  const headers = start === 0 ? {} : { range: `bytes=${start}-` };
  const answer = await client.open(
    { operation: 'read', method: 'GET', path, isSecretPath: true, headers, handsBackUnauthorized: true },
    signal,
  );
  return bytesFrom(answer, start);
}

/** Throws if the content has changed. */
async function look(api: GraphApi, { path, item, mark }: Wanted, signal: AbortSignal): Promise<DriveItem> {
  const answer = await api.call({ operation: 'read', method: 'GET', path }, signal);
  if (isNotFound(answer)) throw new Trouble('unavailable', 'the file is not there any more');
  if (!isSuccess(answer)) throw troubleOf(answer, 'the file cannot be read');
  const now = readItem(answer.json);
  const isSame = now.size === item.size && (mark === null ? now.eTag === item.eTag : hasMark(now, mark));
  if (!isSame) throw new Trouble('unavailable', 'the file was changed after it was looked at');
  return now;
}

const hasMark = (now: DriveItem, mark: string): boolean =>
  markOf(now) === mark || (now.cTag !== undefined && mark === `ctag:${now.cTag}`);

/** "If the range can't be generated the Range header may be ignored": then the response begins at the first byte. */
function bytesFrom(answer: HttpAnswer | HttpStream, start: number): AsyncIterable<Uint8Array> {
  if (!('bytes' in answer))
    throw new Trouble('unavailable', `the bytes of a file were refused (${answer.status})`);
  if (start === 0 || answer.status === 206) return checkedStart(answer, start);
  return without(answer.bytes, start);
}

function checkedStart(answer: HttpStream, start: number): AsyncIterable<Uint8Array> {
  const range = /^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1];
  if (answer.status === 206 && Number(range) !== start)
    throw new Trouble('unavailable', 'another part of a file was sent than the one that was asked for');
  return answer.bytes;
}

async function* without(bytes: AsyncIterable<Uint8Array>, leading: number): AsyncGenerator<Uint8Array> {
  let left = leading;
  for await (const piece of bytes) {
    const from = Math.min(left, piece.length);
    left -= from;
    if (from < piece.length) yield piece.subarray(from);
  }
}

async function* none(): AsyncGenerator<Uint8Array> {
  // An empty file has no address.
}
