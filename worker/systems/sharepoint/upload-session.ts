import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { HttpAnswer, HttpClient } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Chunk } from './chunks';
import { type GraphApi, throwIfFull } from './graph-api';
import { isSuccess } from './graph-error';

/** An upload of a content in parts. Its address needs no token, and everyone who knows it can use the upload. */
export interface Session {
  readonly client: HttpClient;
  readonly path: string;
  readonly operation: string;
}

export interface SessionTarget {
  /** `/drives/…/items/…` or `/drives/…/items/…:/name:`. */
  readonly path: string;
  /** Null: nothing may be there. Otherwise the version that is replaced. */
  readonly expected: string | null;
  /** When the content was last changed in the system where it comes from. Left out, or null: not known. */
  readonly modifiedAt?: Date | null;
}

/** The form in which Graph stores the dates of a file from another system. */
export const fileSystemInfoOf = (modifiedAt: Date) => ({ lastModifiedDateTime: modifiedAt.toISOString() });

/** The header that names the version which is replaced. */
export const conditionOf = ({ expected }: SessionTarget): Record<string, string> =>
  expected === null ? {} : { 'if-match': expected };

const uploadSession = z.looseObject({ uploadUrl: z.string() });

/** Returns Graph's response if Graph does not begin an upload. */
export async function beginSession(
  api: GraphApi,
  target: SessionTarget,
  signal: AbortSignal,
): Promise<Session | HttpAnswer> {
  const operation = target.expected === null ? 'create' : 'update';
  const { modifiedAt = null } = target;
  const dates = modifiedAt === null ? {} : { fileSystemInfo: fileSystemInfoOf(modifiedAt) };
  const behavior = target.expected === null ? 'fail' : 'replace';
  const answer = await api.call(
    {
      operation,
      method: 'POST',
      path: `${target.path}/createUploadSession`,
      json: { item: { '@microsoft.graph.conflictBehavior': behavior, ...dates } },
      headers: conditionOf(target),
    },
    signal,
  );
  if (!isSuccess(answer)) return answer;
  const session = uploadSession.safeParse(answer.json).data;
  if (session === undefined) throw new Trouble('unavailable', 'Graph gives no address for an upload');
  return { ...api.besides(session.uploadUrl), operation };
}

/** How often a part is sent. */
const mostTries = 5;
const firstPauseMs = 250;
/** If the wait is longer, the upload starts again later, so that other work continues in the meantime. */
const longestThrottleMs = 60_000;

/** `lost`: the session does not exist any more, or has lost parts. Otherwise the response to the last part. */
export async function sendChunk(
  session: Session,
  chunk: Chunk,
  size: number,
  signal: AbortSignal,
): Promise<HttpAnswer | 'received' | 'lost'> {
  for (let number = 1; number <= mostTries; number++) {
    const sent = await tryChunk(session, chunk, size, { number, signal });
    if (typeof sent === 'string') {
      if (sent === 'again') continue;
      // If the last part was sent, a session that does not exist any more may have been completed.
      if (sent === 'lost' && chunk.isLast)
        throw new Trouble('unavailable', 'an upload ended without an answer');
      return sent;
    }
    return throwIfFull(sent);
  }
  throw new Trouble('unavailable', 'a part of an upload was not taken');
}

interface Try {
  /** From 1 on. */
  readonly number: number;
  readonly signal: AbortSignal;
}

async function tryChunk(
  session: Session,
  chunk: Chunk,
  size: number,
  { number, signal }: Try,
): Promise<HttpAnswer | 'received' | 'lost' | 'again'> {
  try {
    const state = number === 1 ? 'expected' : await stateOf(session, chunk, signal);
    if (state !== 'expected') return state;
    const answer = await put(session, chunk, size, signal);
    if (answer.status === 202) return 'received';
    if (isGone(answer)) return 'lost';
    // "416": the server has that part already.
    return answer.status === 416 ? 'again' : answer;
  } catch (error) {
    const waitMs = waitAfter(error, number);
    if (waitMs === null) throw error;
    await pause(waitMs, undefined, { signal });
    return 'again';
  }
}

/** Null: the part is not sent again. */
function waitAfter(error: unknown, number: number): number | null {
  if (!(error instanceof Trouble) || number >= mostTries) return null;
  if (error.kind === 'unavailable') return firstPauseMs * 2 ** (number - 1);
  const { retryAfterMs } = error;
  if (error.kind !== 'throttled' || retryAfterMs === undefined || retryAfterMs > longestThrottleMs)
    return null;
  // A timer may fire a moment too early, but a call must not be too early.
  return retryAfterMs + 50;
}

/** "Don't include [the Authorization header] when you issue the PUT call." */
const put = (
  { client, path, operation }: Session,
  { start, bytes }: Chunk,
  size: number,
  signal: AbortSignal,
) =>
  client.call(
    {
      operation,
      method: 'PUT',
      path,
      isSecretPath: true,
      bytes: { type: 'application/octet-stream', data: bytes },
      headers: { 'content-range': `bytes ${start}-${start + bytes.length - 1}/${size}` },
      handsBackUnauthorized: true,
      handsBack: ({ status }) => status === 507,
    },
    signal,
  );

const isGone = ({ status }: HttpAnswer): boolean => status === 404 || status === 410 || status === 401;

const uploadStatus = z.looseObject({ nextExpectedRanges: z.array(z.string()).optional() });

/** How far the session has come. `lost`: the upload must start again. */
async function stateOf(
  { client, path, operation }: Session,
  { start, bytes }: Chunk,
  signal: AbortSignal,
): Promise<'expected' | 'received' | 'lost'> {
  const call = { operation, method: 'GET', path, isSecretPath: true, handsBackUnauthorized: true } as const;
  const answer = await client.call(call, signal);
  const ranges = isSuccess(answer) ? uploadStatus.safeParse(answer.json).data?.nextExpectedRanges : undefined;
  const next = Number(/^\d+/.exec(ranges?.[0] ?? '')?.[0]);
  if (next === start) return 'expected';
  return next === start + bytes.length ? 'received' : 'lost';
}

/** Discards the parts of a session. If no more calls may be made, the session expires by itself. */
export async function cancel({ client, path, operation }: Session, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const call = {
    operation,
    method: 'DELETE',
    path,
    isSecretPath: true,
    handsBackUnauthorized: true,
  } as const;
  try {
    await client.call(call, signal);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
  }
}
