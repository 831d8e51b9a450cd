import type { Connection } from '../connection';
import { withRetries } from '../http/backoff';
import type { Answer } from '../http/exchange';
import { readJson } from '../http/messages';
import { acceptedShape, askStatut } from '../protocol-calls';
import { badAnswer, ServerProblem, SolutionError } from '../solution-error';
import { type ArchiveToSend, digestHeader, slice } from './archive-to-send';

/**
 * Sends an archive by tus 1.0 (creation, HEAD, PATCH): bytes that arrived before an interruption are not sent again,
 * not even in a later run. Source: https://tus.io/protocols/resumable-upload
 */
export async function sendResumably(connection: Connection, archive: ArchiveToSend): Promise<string> {
  const upload: Upload = { at: archive.resumeAt, arrived: -1 };
  for (;;) {
    const step = await withRetries(connection.retrying, () => takeStep(connection, archive, upload));
    switch (step.kind) {
      case 'accepted':
        return step.sync;
      case 'progress':
        break;
      case 'gone': {
        const begun = await syncBegun(connection, archive);
        if (begun !== null) return begun;
        Object.assign(upload, { at: null, arrived: -1 } satisfies Upload);
        await archive.onResumable(null);
      }
    }
  }
}

/** An upload on the server, as far as we know. */
interface Upload {
  at: string | null;
  /** The number of bytes that the server had by its last response. */
  arrived: number;
}

type Step =
  | { readonly kind: 'accepted'; readonly sync: string }
  /** Bytes have arrived: the retries start again. */
  | { readonly kind: 'progress' }
  | { readonly kind: 'gone' };

async function takeStep(connection: Connection, archive: ArchiveToSend, upload: Upload): Promise<Step> {
  if (upload.at === null) {
    upload.at = await create(connection, archive);
    await archive.onResumable(upload.at);
  }
  const arrived = await askOffset(connection, upload.at);
  if (arrived === null) return { kind: 'gone' };
  const isProgress = arrived > upload.arrived;
  upload.arrived = arrived;
  archive.onBytes(arrived, archive.bytes);
  try {
    return await sendFrom(connection, archive, upload.at, arrived);
  } catch (error) {
    if (isProgress && mayHaveArrivedInPart(error)) return { kind: 'progress' };
    throw error;
  }
}

async function create(connection: Connection, archive: ArchiveToSend): Promise<string> {
  const answer = await connection.once({
    method: 'POST',
    path: `/v4/${archive.channel}/uploads`,
    headers: {
      ...tusHeaders(archive),
      'Upload-Length': String(archive.bytes),
      'Upload-Metadata': metadata({
        filename: `${archive.channel}.zip`,
        filetype: 'application/zip',
        sha256: archive.sha256,
      }),
    },
  });
  answer.body.resume();
  return uploadPath(answer, `/v4/${archive.channel}/uploads/`);
}

/** A proxy may know the server by another name than the server knows itself: only the path counts. */
function uploadPath({ status, headers }: Answer, prefix: string): string {
  const start = headers.location?.indexOf(prefix) ?? -1;
  if (status !== 201 || headers.location === undefined || start < 0) {
    throw badAnswer(`${status} and no place to upload to`);
  }
  return headers.location.slice(start);
}

/** Null: the server does not know the upload, or no longer knows it. */
async function askOffset(connection: Connection, at: string): Promise<number | null> {
  try {
    const answer = await connection.once({ method: 'HEAD', path: at, headers: { 'Tus-Resumable': '1.0.0' } });
    answer.body.resume();
    return offsetOf(answer);
  } catch (error) {
    if (error instanceof ServerProblem && (error.status === 404 || error.status === 410)) return null;
    throw error;
  }
}

function offsetOf({ headers }: Answer): number {
  const offset = Number(headers['upload-offset']);
  if (!Number.isInteger(offset) || offset < 0) throw badAnswer('an upload without an offset');
  return offset;
}

async function sendFrom(
  connection: Connection,
  archive: ArchiveToSend,
  at: string,
  from: number,
): Promise<Step> {
  const bytes = Math.min(archive.bytes - from, maxPatchBytes);
  const answer = await connection.once({
    method: 'PATCH',
    path: at,
    headers: {
      ...tusHeaders(archive),
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(from),
    },
    body: slice(archive, from, bytes),
    idleTimeoutMs: 120_000,
  });
  if (answer.status === 204) {
    answer.body.resume();
    return { kind: 'progress' };
  }
  const { sync } = await readJson(answer, acceptedShape);
  return { kind: 'accepted', sync };
}

/** Some proxies first collect a whole request: they must not get half a gigabyte at once. */
const maxPatchBytes = 32 * 1024 * 1024;

function tusHeaders({ key, sha256 }: ArchiveToSend): Record<string, string> {
  return { 'Tus-Resumable': '1.0.0', 'Idempotency-Key': key, 'Repr-Digest': digestHeader(sha256) };
}

/** Keys with their values in base64, as tus has them. */
function metadata(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');
}

/** 409: bytes of the previous attempt were still arriving when we asked for the offset. */
function mayHaveArrivedInPart(error: unknown): boolean {
  if (error instanceof ServerProblem) return error.status === 409;
  return error instanceof SolutionError && error.code === 'connection-lost';
}

/**
 * If the server no longer knows an upload, it has expired, or a PATCH whose response was lost has completed it. The
 * channel was idle before and no other program acts for this solution, so a sync in progress is ours.
 */
async function syncBegun(connection: Connection, { channel }: ArchiveToSend): Promise<string | null> {
  const { statut, sync } = await askStatut(connection, channel);
  return statut === 0 ? null : sync;
}
