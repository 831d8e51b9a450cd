import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { badRequest } from '../../shared/errors/catalog';
import { receiveArchive, type ReceiveLimits } from '../http/archive-upload';
import { callerKey } from '../http/caller';
import { json, type Operation, type Problems } from '../http/operation';
import { originOf } from '../http/origin';
import type { IntakeService } from '../services/intake';
import { begun, channelParameter, describedBody, syncHeader } from './parameters';

const zip = z.string().meta({ contentMediaType: 'application/zip' });
const hexDigest = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .meta({ description: 'SHA-256 of the archive, hexadecimal.' });

/** The reasons for refusing an archive, for every way of sending it. */
export const archiveProblems: Problems = {
  400: ['bad-request', 'digest-mismatch'],
  403: ['wrong-status'],
  413: ['too-large'],
  415: ['not-a-zip'],
  422: ['bad-archive', 'idempotency-key-reused'],
  429: ['too-many-requests'],
};

export const idempotencyHeader = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({
    description: 'The same key within 24 h gets the first response again and starts nothing.',
    examples: ['2026-11-20-evening'],
  });

export const postDatasOperation: Operation = {
  method: 'post',
  path: '/v4/{channel}/datas',
  id: 'postDatas',
  tag: 'Protocol',
  summary: 'Sends an archive',
  description: 'Needs status 0, which is checked before the body is read. The status becomes 1.',
  access: 'solution',
  params: { channel: channelParameter },
  headers: z.object({
    'idempotency-key': idempotencyHeader,
    'content-digest': z
      .string()
      .optional()
      .meta({ description: 'The digest of a bare body (RFC 9530): `sha-256=:…:`.' }),
  }),
  body: describedBody({
    'application/zip': { schema: null },
    'multipart/form-data': { schema: z.object({ sha256: hexDigest.optional(), file: zip }) },
  }),
  answers: { 200: json('The archive is unpacked, durable, and its job is queued.', begun, syncHeader) },
  problems: archiveProblems,
};

/** POST /v4/{channel}/datas → `{"sync": "<uuid>", "statut": "1"}`. */
export function postDatas(service: IntakeService, limits: ReceiveLimits): RequestHandler {
  return async (request, response) => {
    const key = callerKey(request, response);
    const origin = originOf(request, response);
    const counting = { announcedBytes: announcedBytesOf(request) };
    const reception = await service.begin(key, idempotencyKeyOf(request), origin, counting);
    try {
      const { expectedSha256 } = await receiveArchive(request, response, limits, reception.store);
      const { syncId } = await reception.complete(expectedSha256);
      response.setHeader('Epack-Sync', syncId);
      response.json({ sync: syncId, statut: '1' });
    } catch (error) {
      await reception.refuse();
      throw error;
    }
  };
}

/** Null: the body is sent in chunks, and its length is not known. */
function announcedBytesOf({ headers }: Request): number | null {
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
}

export function idempotencyKeyOf(request: Pick<Request, 'headers'>): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || key === '' || key.length > 255) {
    throw badRequest('The Idempotency-Key must have 1 to 255 characters.');
  }
  return key;
}
