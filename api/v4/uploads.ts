import { type Locker, Server as TusServer, type Upload } from '@tus/server';
import type { Request as ExpressRequest, RequestHandler, Response as ExpressResponse } from 'express';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';
import type { ChannelKey } from '../../shared/domain/channel';
import type { Origin } from '../../shared/domain/origin';
import { AppError, type ErrorKind } from '../../shared/errors/app-error';
import {
  badRequest,
  digestMismatch,
  offsetMismatch,
  tooLarge,
  tusVersion,
  unknownUpload,
  wrongStatus,
  wrongUploadType,
} from '../../shared/errors/catalog';
import type { FileStore } from '../../shared/files/file-store';
import { resumableKeyOf } from '../../shared/files/layout';
import { callerKey } from '../http/caller';
import { refuseEncoded } from '../http/content-encoding';
import { sha256OfDigest } from '../http/digest-header';
import { continueIfExpected } from '../http/expect';
import { originOf } from '../http/origin';
import type { IntakeService } from '../services/intake';
import type { QuotaService } from '../services/quotas';
import type { StatutBoard } from '../services/statut-board';
import { idempotencyKeyOf } from './post-datas';
import { type ResumableStore, uploadExpiryMilliseconds } from './upload-store';

interface Deps {
  readonly intake: IntakeService;
  readonly board: Pick<StatutBoard, 'read'>;
  readonly locker: Locker;
  readonly files: Pick<FileStore, 'makeDurable'>;
  readonly store: ResumableStore;
  readonly quotas: Pick<
    QuotaService,
    'needRoomOnDisk' | 'openUpload' | 'closeUploads' | 'closeUploadsOlderThan'
  >;
  readonly maxArchiveBytes: number;
  readonly uploadIdleSeconds: number;
}

/** The sender of a request, what its headers say, and an error in it that we know and the tus library does not. */
interface Sender {
  readonly key: ChannelKey;
  readonly idempotencyKey: string | null;
  readonly origin: Origin;
  /** The digest of the bytes in this request, in hex. */
  readonly contentSha256: string | null;
  /** The digest of the whole archive, in hex. */
  readonly archiveSha256: string | null;
  failure: Error | null;
  /** The upload that this request has begun. */
  begunId: string | null;
}

export interface Uploads {
  readonly route: RequestHandler;
  /** Removes what was begun and not finished within a day. */
  removeExpired(): Promise<number>;
}

/** An upload that was just completed may be in the middle of becoming a sync. */
const graceMilliseconds = 3_600_000;
/** Uploads are kept with their syncs for weeks. There may be many, and each check opens a file. */
const sweptAtOnce = 200;

/**
 * /v4/{channel}/uploads: the tus 1.0 protocol (creation, termination, expiration). The door to tus. The request that
 * completes an upload does the same as POST datas, with its responses and errors.
 */
export function createUploads(deps: Deps): Uploads {
  const senders = new WeakMap<object, Sender>();
  const { store } = deps;
  const tus = new TusServer({
    path: '/v4',
    datastore: store.data,
    locker: deps.locker,
    maxSize: deps.maxArchiveBytes,
    // How long a writer may continue after another one has asked for the lock.
    lockDrainTimeout: 1_000,
    // The id contains the owner, so nothing else needs to.
    namingFunction: (request) => `${ownerOf(senderOf(request).key)}-${randomUUID()}`,
    generateUrl: (request, { id }) => locationOf(senderOf(request).key, id),
    getFileIdFromRequest: (request, id) => (isOwn(senderOf(request).key, id) ? id : undefined),
    // It is then the upload of a sync, and is kept as long as the sync.
    disableTerminationForFinishedUploads: true,
    onUploadCreate: (request, upload) => judge(request, upload),
    onUploadFinish: (request, upload) => finish(request, upload),
    onResponseError: (request, error) => {
      if (isNativeError(error)) senderOf(request).failure = error;
      return undefined;
    },
  });

  return {
    route: async (request, response) => {
      refuseOtherVersions(request, response);
      if (request.method === 'PATCH' && !isUploadType(request.headers['content-type']))
        throw wrongUploadType();
      refuseEncoded(request);
      const sender: Sender = {
        key: callerKey(request, response),
        idempotencyKey: idempotencyKeyOf(request),
        origin: originOf(request, response),
        contentSha256: sha256OfDigest('Content-Digest', request.headers['content-digest']),
        archiveSha256: sha256OfDigest('Repr-Digest', request.headers['repr-digest']),
        failure: null,
        begunId: null,
      };
      if (request.method === 'POST' || request.method === 'PATCH')
        await deps.quotas.needRoomOnDisk(sender.key.solutionId);
      const webRequest = webRequestOf(request);
      senders.set(webRequest, sender);
      request.setTimeout(deps.uploadIdleSeconds * 1000, () => request.destroy());
      // The time-out only applies to the body. The work after it may take longer.
      request.once('end', () => request.setTimeout(0));
      continueIfExpected(request, response);
      const answer = await tus.handleWeb(webRequest);
      request.setTimeout(0);
      await closeWhatEnded(request, answer, sender);
      await send(answer, sender, deps.maxArchiveBytes, response);
    },
    removeExpired,
  };

  /** The clean-up of the tus library would also remove uploads of syncs. Returns how many were removed. */
  async function removeExpired(): Promise<number> {
    const ids = await store.ids();
    let removed = 0;
    for (let at = 0; at < ids.length; at += sweptAtOnce)
      removed += await removeAbandoned(ids.slice(at, at + sweptAtOnce));
    await deps.quotas.closeUploadsOlderThan((uploadExpiryMilliseconds + graceMilliseconds) / 1000);
    return removed;
  }

  async function removeAbandoned(ids: readonly string[]): Promise<number> {
    const kept = await deps.intake.archivesAmong(ids.map(resumableKeyOf));
    const others = ids.filter((id) => !kept.has(resumableKeyOf(id)));
    const begunAt = await Promise.all(others.map((id) => store.begunAt(id)));
    const latest = Date.now() - uploadExpiryMilliseconds - graceMilliseconds;
    const expired = others.filter((_, index) => (begunAt[index] ?? Infinity) < latest);
    // Another process may have removed it already.
    for (const id of expired) await store.data.remove(id).catch(() => undefined);
    await deps.quotas.closeUploads(expired);
    return expired.length;
  }

  function senderOf(request: object): Sender {
    const sender = senders.get(request);
    if (sender === undefined) throw new Error('tus asks about a request that was never given to it');
    return sender;
  }

  /** Called before a byte of it is accepted. */
  async function judge(request: object, upload: Upload): Promise<Record<string, never>> {
    sha256OfMetadata(upload);
    const sender = senderOf(request);
    const { statut } = await deps.board.read(sender.key);
    if (statut !== 0) throw wrongStatus(statut, 0);
    // Without a length, the largest possible upload is assumed.
    const bytes = upload.size ?? deps.maxArchiveBytes;
    await deps.quotas.openUpload({ id: upload.id, solutionId: sender.key.solutionId, bytes });
    sender.begunId = upload.id;
    return {};
  }

  /**
   * An upload that was given up makes room for another one. So does one that its sender cannot continue because it does
   * not know its path.
   */
  async function closeWhatEnded(request: ExpressRequest, answer: Response, sender: Sender): Promise<void> {
    const isGivenUp = request.method === 'DELETE' && answer.ok;
    const isLost = sender.begunId !== null && (!answer.ok || sender.failure !== null);
    const id = isGivenUp ? request.params['id'] : isLost ? sender.begunId : null;
    if (typeof id === 'string') await deps.quotas.closeUploads([id]);
  }

  /**
   * A completing request that is sent again after a lost response gets the first response, because the upload has its
   * sync.
   */
  async function finish(request: Request, upload: Upload) {
    const syncId =
      (await deps.intake.syncOf(resumableKeyOf(upload.id))) ??
      (await becomeSync(request, upload).catch((error: unknown) => giveUp(request, upload, error)));
    await deps.quotas.closeUploads([upload.id]);
    const made = request.method === 'POST' ? { Location: locationOf(senderOf(request).key, upload.id) } : {};
    return {
      status_code: 200,
      headers: { 'Content-Type': 'application/json; charset=utf-8', 'Epack-Sync': syncId, ...made },
      body: JSON.stringify({ sync: syncId, statut: '1' }),
    };
  }

  async function becomeSync(request: Request, upload: Upload): Promise<string> {
    const sender = senderOf(request);
    const { key, idempotencyKey, origin } = sender;
    // The bytes and the file names of earlier requests may not be durable yet.
    await deps.files.makeDurable(resumableKeyOf(upload.id));
    const counting = { announcedBytes: upload.size ?? upload.offset };
    const reception = await deps.intake.begin(key, idempotencyKey, origin, counting);
    try {
      const expectedSha256 = agreedSha256([
        sha256OfMetadata(upload),
        sender.archiveSha256,
        bringsAll(request) ? sender.contentSha256 : null,
      ]);
      await reception.adopt(resumableKeyOf(upload.id));
      return (await reception.complete(expectedSha256)).syncId;
    } catch (error) {
      await reception.refuse();
      throw error;
    }
  }

  /** A sender that sent all bytes with the creation does not know the path, and cannot continue. */
  async function giveUp(request: Request, { id }: Upload, error: unknown): Promise<never> {
    if (isFinal(error) || (request.method === 'POST' && (await isNobodys(id)))) {
      await store.data.remove(id);
      await deps.quotas.closeUploads([id]);
    }
    throw error;
  }

  /** The error may only concern the response to a successful commit. The upload then belongs to a sync. */
  async function isNobodys(id: string): Promise<boolean> {
    const syncId = await deps.intake.syncOf(resumableKeyOf(id)).catch(() => undefined);
    return syncId === null;
  }
}

const version = '1.0.0';

/**
 * Comes before all routes of uploads: every response has `Tus-Resumable`, and a caller that can send neither PATCH nor
 * DELETE sends POST with `X-HTTP-Method-Override`. Source: tus 1.0, core.
 */
export const speakTus: RequestHandler = (request, response, next) => {
  response.setHeader('Tus-Resumable', version);
  const meant = request.headers['x-http-method-override'];
  if (request.method === 'POST' && (meant === 'PATCH' || meant === 'DELETE')) request.method = meant;
  next();
};

function refuseOtherVersions(request: ExpressRequest, response: ExpressResponse): void {
  if (request.method === 'OPTIONS' || request.headers['tus-resumable'] === version) return;
  response.setHeader('Tus-Version', version);
  throw tusVersion();
}

const locationOf = ({ channel }: ChannelKey, id: string) => `/v4/${channel}/uploads/${id}`;

const ownerOf = ({ solutionId, channel }: ChannelKey) => `${solutionId}-${channel}`;

/** Source: tus 1.0, PATCH. */
const isUploadType = (type: string | undefined) =>
  /^application\/offset\+octet-stream *(;|$)/i.test(type ?? '');

/** Only accepts an id of ours, because any other text could lead elsewhere when it is used in a path. */
const isOwn = (key: ChannelKey, id: string | undefined) =>
  id !== undefined && /^\d+-[a-z]+-[0-9a-f-]{36}$/.test(id) && id.startsWith(`${ownerOf(key)}-`);

/** True if the archive itself was refused. Otherwise the upload may be tried again. */
function isFinal(error: unknown): boolean {
  return error instanceof AppError && !passingKinds.includes(error.kind);
}

const passingKinds: readonly ErrorKind[] = ['unavailable', 'forbidden', 'too-many'];

/** True for a request that sends the whole upload: no bytes came before it. */
const bringsAll = ({ method, headers }: Request) => method === 'POST' || headers.get('upload-offset') === '0';

/** Throws `digest-mismatch` where they are not of one archive. */
function agreedSha256(given: readonly (string | null)[]): string | null {
  const [first = null, ...others] = new Set(given.filter((sha256) => sha256 !== null));
  if (others.length > 0) throw digestMismatch();
  return first;
}

function sha256OfMetadata(upload: Upload): string | null {
  const written = upload.metadata?.['sha256'];
  if (written === undefined || written === null) return null;
  if (!/^[0-9a-f]{64}$/i.test(written))
    throw badRequest('The metadata "sha256" must be 64 hexadecimal digits.');
  return written.toLowerCase();
}

function webRequestOf(request: ExpressRequest): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const hasBody = request.method === 'PATCH' || request.method === 'POST';
  return new Request(new URL(request.originalUrl, 'http://localhost'), {
    method: request.method,
    headers,
    ...(hasBody ? { body: Readable.toWeb(request) as ReadableStream, duplex: 'half' } : {}),
  });
}

/** tus sends errors as a line of text; ours are problem documents. */
async function send(
  answer: Response,
  sender: Sender,
  maxArchiveBytes: number,
  response: ExpressResponse,
): Promise<void> {
  for (const [name, value] of answer.headers) {
    // The tus library would let pages of any site read the response. No web page needs this.
    if (/^access-control-/i.test(name)) continue;
    if (answer.status < 400 || !/^content-/i.test(name)) response.setHeader(name, value);
  }
  const text = await answer.text();
  if (sender.failure !== null) throw sender.failure;
  if (answer.status >= 400) throw refusalOf(answer.status, text.trim(), maxArchiveBytes);
  response.status(answer.status).end(text);
}

function refusalOf(status: number, text: string, maxArchiveBytes: number): Error {
  // Parallel parts are not supported.
  if (status === 501) return badRequest(text);
  if (status >= 500) return new Error(`tus: ${text}`);
  // Another request has taken over the upload.
  if (text.startsWith('Request aborted')) return offsetMismatch();
  switch (status) {
    case 404:
    case 410:
      return unknownUpload();
    case 409:
      return offsetMismatch();
    case 413:
      return tooLarge(maxArchiveBytes);
    default:
      return badRequest(text);
  }
}
