import type { Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import multer, { MulterError, type StorageEngine } from 'multer';
import type { Readable } from 'node:stream';
import { badRequest, notAZip, tooLarge } from '../../shared/errors/catalog';

/** What came beside the archive. */
export interface ReceivedUpload {
  /** Hex; null where the solution gave no digest. */
  readonly expectedSha256: string | null;
}

export interface ReceiveLimits {
  readonly maxArchiveBytes: number;
  /** A body that sends nothing for so long is cut off. */
  readonly uploadIdleSeconds: number;
}

/**
 * Reads the archive of a POST datas, streaming it into `store`: part `file` of a multipart form, or the bare body.
 * Throws `bad-request`, `too-large` (before reading, where the length is announced) and `not-a-zip` (wrong type).
 * The only door to multer.
 */
export async function receiveArchive(
  request: Request,
  response: Response,
  limits: ReceiveLimits,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  request.setTimeout(limits.uploadIdleSeconds * 1000, () => request.destroy());
  try {
    return await receive(request, response, limits, store);
  } finally {
    // What follows is our own work, and may be longer.
    request.setTimeout(0);
  }
}

/** Lets a caller that sent `Expect: 100-continue` begin with its body. */
export function continueIfExpected(request: IncomingMessage, response: Response): void {
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
}

async function receive(
  request: Request,
  response: Response,
  { maxArchiveBytes }: ReceiveLimits,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  switch (type) {
    case 'multipart/form-data':
      return receiveForm(request, response, store);
    case 'application/zip':
    case 'application/x-zip-compressed':
    case 'application/octet-stream':
      return receiveBody(request, maxArchiveBytes, store);
    default:
      throw notAZip('Send multipart/form-data with a part "file", or application/zip.');
  }
}

async function receiveBody(
  request: Request,
  maxArchiveBytes: number,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  if (Number(request.headers['content-length'] ?? 0) > maxArchiveBytes) throw tooLarge(maxArchiveBytes);
  const expectedSha256 = sha256OfContentDigest(request.headers['content-digest']);
  await store(request);
  return { expectedSha256 };
}

async function receiveForm(
  request: Request,
  response: Response,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  const upload = multer({
    storage: streamingInto(store),
    limits: { files: 1, fields: 10, fieldSize: 1024, parts: 20 },
  }).single('file');
  await new Promise<void>((resolve, reject) => {
    upload(request, response, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(translated(error));
    });
  });
  if (request.file === undefined) throw badRequest('The form has no part "file".');
  const body: unknown = request.body;
  return { expectedSha256: sha256OfField(body) };
}

function streamingInto(store: (archive: Readable) => Promise<void>): StorageEngine {
  return {
    _handleFile: (_request, file, done) => {
      store(file.stream).then(
        () => done(null, {}),
        (error: unknown) => done(error),
      );
    },
    // Whoever stored it removes it: the intake refuses the whole upload.
    _removeFile: (_request, _file, done) => done(null),
  };
}

/** multer and busboy tell of a form that cannot be read by errors without a status of their own. */
function translated(error: unknown): Error {
  if (error instanceof MulterError) return badRequest(`The form is not as expected: ${error.message}.`);
  if (error instanceof Error && malformedForm.test(error.message)) return badRequest(`${error.message}.`);
  return error instanceof Error ? error : new Error(String(error));
}

const malformedForm =
  /^(Multipart: Boundary not found|Unexpected end of form|Malformed (part header|content type|urlencoded form)|Unsupported content type)/;

function sha256OfField(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('sha256' in body)) return null;
  const written = body.sha256;
  if (typeof written !== 'string' || !/^[0-9a-f]{64}$/i.test(written)) {
    throw badRequest('The part "sha256" must be 64 hexadecimal digits.');
  }
  return written.toLowerCase();
}

/** RFC 9530, e.g. `sha-256=:base64:`. Other algorithms are passed over. */
function sha256OfContentDigest(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const written = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]+={0,2}):/.exec(String(header))?.[1];
  if (written === undefined) {
    if (/(?:^|,)\s*sha-256=/.test(String(header))) throw badRequest('The Content-Digest cannot be read.');
    return null;
  }
  return Buffer.from(written, 'base64').toString('hex');
}
