import type { HttpAnswer } from '../../outside/http-client';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { chunksOf } from './chunks';
import type { GraphApi } from './graph-api';
import { isSuccess } from './graph-error';
import {
  beginSession,
  cancel,
  conditionOf,
  sendChunk,
  type Session,
  type SessionTarget,
} from './upload-session';

/** Where a content is written. */
export interface Target extends SessionTarget {
  /** Called right before a large content becomes visible. False: the item was changed in the meantime. */
  readonly isAsExpected: (signal: AbortSignal) => Promise<boolean>;
}

/** `stale`: the item was changed during the upload. Otherwise Graph's response, which shows the item or refuses it. */
export type Uploaded = HttpAnswer | 'stale';

export interface UploadSettings {
  /** A content of at most so many bytes is sent in one call. */
  readonly smallBytes: number;
  /** "A multiple of 320 KiB". */
  readonly chunkBytes: number;
}

/** "The recommended fragment size is between 5-10 MiB", and one is held in memory. */
export const usualUploads: UploadSettings = { smallBytes: 4 * 1024 * 1024, chunkBytes: 16 * 327_680 };

export interface Upload {
  readonly api: GraphApi;
  readonly settings: UploadSettings;
  readonly target: Target;
  readonly content: Content;
}

/** Writes a content. It only becomes visible when it is complete. */
export async function upload(parts: Upload, signal: AbortSignal): Promise<Uploaded> {
  const { api, settings, target, content } = parts;
  if (content.size > settings.smallBytes || isDatedCreation(parts)) return uploadInParts(parts, signal);
  const data = await wholeOf(content, settings.smallBytes, signal);
  const behavior = target.expected === null ? '?@microsoft.graph.conflictBehavior=fail' : '';
  return api.call(
    {
      operation: target.expected === null ? 'create' : 'update',
      method: 'PUT',
      path: `${target.path}/content${behavior}`,
      bytes: { type: 'application/octet-stream', data },
      headers: conditionOf(target),
    },
    signal,
  );
}

/** A session sends the date of the content, a `PUT` does not. An empty file cannot be sent in parts. */
const isDatedCreation = ({ target, content: { size, modifiedAt } }: Upload): boolean =>
  target.expected === null && size > 0 && (modifiedAt ?? null) !== null;

async function wholeOf(content: Content, most: number, signal: AbortSignal): Promise<Buffer<ArrayBuffer>> {
  for await (const chunk of chunksOf(content, most, signal)) if (chunk.isLast) return chunk.bytes;
  return Buffer.alloc(0);
}

/** How often an upload starts again after its session and its parts were lost. */
const mostSessions = 3;

async function uploadInParts(parts: Upload, signal: AbortSignal): Promise<Uploaded> {
  for (let number = 1; number <= mostSessions; number++) {
    const begun = await beginSession(parts.api, { ...parts.target, ...datedBy(parts.content) }, signal);
    if (!('client' in begun)) return begun;
    const answer = await sendOrCancel(parts, begun, signal);
    if (answer !== 'lost') return answer;
  }
  throw new Trouble('unavailable', `the upload was lost ${mostSessions} times before it was complete`);
}

const datedBy = ({ modifiedAt }: Content) => ({ modifiedAt: modifiedAt ?? null });

async function sendOrCancel(
  parts: Upload,
  session: Session,
  signal: AbortSignal,
): Promise<Uploaded | 'lost'> {
  let isOver = false;
  try {
    const answer = await sendAll(parts, session, signal);
    isOver = answer === 'lost' || (answer !== 'stale' && isSuccess(answer));
    return answer;
  } finally {
    if (!isOver) await cancel(session, signal);
  }
}

/** `lost`: the session does not exist any more, or has lost parts. */
async function sendAll(
  { settings, target, content }: Upload,
  session: Session,
  signal: AbortSignal,
): Promise<Uploaded | 'lost'> {
  for await (const chunk of chunksOf(content, settings.chunkBytes, signal)) {
    // The session compared the version when it began, which may be long ago.
    if (chunk.isLast && target.expected !== null && !(await target.isAsExpected(signal))) return 'stale';
    const sent = await sendChunk(session, chunk, content.size, signal);
    if (sent !== 'received') return sent;
  }
  throw new Trouble('unavailable', 'an upload had no end');
}
