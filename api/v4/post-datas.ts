import type { Request, RequestHandler } from 'express';
import { badRequest } from '../../shared/errors/catalog';
import { receiveArchive, type ReceiveLimits } from '../http/archive-upload';
import { callerKey } from '../http/caller';
import { originOf } from '../http/origin';
import type { IntakeService } from '../services/intake';

/** POST /v4/{channel}/datas → `{"sync": "<uuid>", "statut": "1"}`. */
export function postDatas(service: IntakeService, limits: ReceiveLimits): RequestHandler {
  return async (request, response) => {
    const key = callerKey(request, response);
    const reception = await service.begin(key, idempotencyKeyOf(request), originOf(request, response));
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

export function idempotencyKeyOf(request: Pick<Request, 'headers'>): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || key === '' || key.length > 255) {
    throw badRequest('The Idempotency-Key must have 1 to 255 characters.');
  }
  return key;
}
