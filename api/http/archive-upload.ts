import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';
import type { Readable } from 'node:stream';
import { badRequest, notAZip, tooLarge } from '../../shared/errors/catalog';
import { UploadAborted } from '../../shared/errors/upload-aborted';
import { refuseEncoded } from './content-encoding';
import { sha256OfDigest } from './digest-header';
import { continueIfExpected } from './expect';
import { filePart, pipeForm } from './form-parts';

/** The fields that were sent with the archive. */
export interface ReceivedUpload {
  /** Hex; null where the solution gave no digest. */
  readonly expectedSha256: string | null;
}

export interface ReceiveLimits {
  readonly maxArchiveBytes: number;
  /** A body that sends nothing for this long is cancelled. */
  readonly uploadIdleSeconds: number;
}

/**
 * Reads the archive of a POST datas, streaming it into `store`: part `file` of a multipart form, or the bare body.
 * Throws `bad-request`, `too-large` and `not-a-zip` (wrong type). A request that its headers rule out is refused before
 * the body is read, and before `100 Continue`. The only door to multer.
 */
export async function receiveArchive(
  request: Request,
  response: Response,
  limits: ReceiveLimits,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  const form = formOf(request);
  refuseEncoded(request);
  refuseAnnounced(request, form, limits.maxArchiveBytes);
  const expectedSha256 = sha256OfDigest('Content-Digest', request.headers['content-digest']);
  request.setTimeout(limits.uploadIdleSeconds * 1000, () => request.destroy());
  continueIfExpected(request, response);
  try {
    if (form === 'multipart') return await receiveForm(request, response, store);
    await store(request);
    return { expectedSha256 };
  } finally {
    // The time-out only applies to the body. The work after it may take longer.
    request.setTimeout(0);
  }
}

type UploadForm = 'multipart' | 'bare';

function formOf(request: Request): UploadForm {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  switch (type) {
    case 'multipart/form-data':
      return 'multipart';
    case 'application/zip':
    case 'application/x-zip-compressed':
    case 'application/octet-stream':
      return 'bare';
    case 'application/gzip':
    case 'application/x-gzip':
      throw notAZip('The body is a gzip file, not a zip file. Send a zip archive, without gzip around it.');
    default:
      throw notAZip('Send multipart/form-data with a part "file", or application/zip.');
  }
}

/** The largest size of a form without the archive. */
const formBytes = 64 * 1024;

function refuseAnnounced(request: Request, form: UploadForm, maxArchiveBytes: number): void {
  const maxBytes = maxArchiveBytes + (form === 'multipart' ? formBytes : 0);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxArchiveBytes);
}

async function receiveForm(
  request: Request,
  response: Response,
  store: (archive: Readable) => Promise<void>,
): Promise<ReceivedUpload> {
  // multer would wait for ever if the request was broken off before multer sees it.
  if (request.destroyed) throw new UploadAborted();
  let storing = Promise.resolve();
  const read = new Promise<void>((resolve, reject) => {
    const storage = streamingInto((archive) => {
      storing = store(archive);
      // multer reports a failure only after it has read the whole rest of the form.
      storing.catch(reject);
      return storing;
    });
    const limits = { files: 1, fields: 10, fieldSize: 1024, parts: 20 };
    // The types of multer do not contain it yet.
    const options: multer.Options & { streamHandler: typeof pipeForm } = {
      storage,
      limits,
      streamHandler: pipeForm,
    };
    multer(options).single(filePart)(request, response, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(translated(error));
    });
  });
  // The caller must not clean up while the archive is still being written.
  await read.finally(() => storing.catch(() => undefined));
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
    // Nothing is removed here: the intake removes the files of a refused upload.
    _removeFile: (_request, _file, done) => done(null),
  };
}

/** multer and busboy report an unreadable form by errors without a status. */
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
