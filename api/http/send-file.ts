import type { Request, Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rangeNotSatisfiable } from '../../shared/errors/catalog';
import type { ByteRange } from '../../shared/files/file-store';

export interface Sendable {
  readonly contentType: string;
  readonly bytes: number;
  /** Hex; also the ETag. */
  readonly sha256: string;
  open(range?: ByteRange): Promise<Readable>;
}

/** The headers of a file. */
export const fileHeaders = {
  ETag: 'For `If-None-Match` and `If-Range`: the SHA-256 of the whole file.',
  'Accept-Ranges': '`bytes`',
  'Repr-Digest': 'SHA-256 of the whole file (RFC 9530).',
} as const;

/**
 * Sends a file: ETag, If-None-Match, one byte range, If-Range, Repr-Digest. Resolves with true once the caller has the
 * last byte of the file, and with false if it got another part or disconnected. Throws `range-not-satisfiable`.
 * Sources: RFC 9110 (13, 14), RFC 9530.
 */
export async function sendFile(request: Request, response: Response, file: Sendable): Promise<boolean> {
  const etag = `"${file.sha256}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Repr-Digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
  response.setHeader('Content-Type', file.contentType);
  if (request.fresh) {
    response.status(304).end();
    return false;
  }
  const range = rangeOf(request, etag, file.bytes);
  if (range === 'unsatisfiable') {
    // An error from here on is not an error of the file.
    for (const name of ['ETag', 'Repr-Digest']) response.removeHeader(name);
    response.setHeader('Content-Range', `bytes */${file.bytes}`);
    throw rangeNotSatisfiable(file.bytes);
  }
  if (range !== null) {
    response.status(206).setHeader('Content-Range', `bytes ${range.start}-${range.end}/${file.bytes}`);
  }
  response.setHeader('Content-Length', range === null ? file.bytes : range.end - range.start + 1);
  if (request.method === 'HEAD') {
    response.end();
    return false;
  }
  // Because the end is known, nothing is read after the last byte. A caller that disconnects as soon as it has that
  // byte must count as one that got the whole file.
  const content = await file.open(range ?? { start: 0, end: file.bytes - 1 });
  const isComplete = await Promise.race([finished(response), streamed(content, response)]);
  return isComplete && (range === null || range.end === file.bytes - 1);
}

/**
 * Once the last byte is sent. The pipeline ends later, when the file is closed as well, and a caller may already have made
 * its next call by then.
 */
const finished = (response: Response): Promise<boolean> =>
  new Promise((resolve) => response.once('finish', () => resolve(true)));

/** False: the caller has disconnected. */
const streamed = (content: Readable, response: Response): Promise<boolean> =>
  pipeline(content, response).then(
    () => true,
    (error: unknown) => {
      if (response.destroyed) return false;
      throw error;
    },
  );

/** Null: the whole file. Several ranges, and a range of another version, are answered with the whole as well. */
function rangeOf(request: Request, etag: string, bytes: number): ByteRange | null | 'unsatisfiable' {
  const ifRange = request.headers['if-range'];
  if (request.headers.range === undefined || (ifRange !== undefined && ifRange !== etag)) return null;
  const ranges = request.range(bytes);
  if (ranges === -1) return 'unsatisfiable';
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0] ?? null;
}
