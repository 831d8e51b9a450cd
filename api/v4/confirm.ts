import type { RequestHandler } from 'express';
import { z } from 'zod';
import { callerKey } from '../http/caller';
import { decode } from '../http/decode';
import type { DeliveryService } from '../services/delivery';

const failed = z.object({
  file: z.string().min(1).max(200),
  id: z.coerce.string().max(64),
  reason: z.string().max(2000).default(''),
});
const body = z.object({ sync: z.uuid().nullish(), failed: z.array(failed).max(100_000).nullish() });

/** POST /v4/{channel}/confirm → `{"statut": "0"}`. An empty body confirms the package at hand in full. */
export function postConfirm(service: DeliveryService): RequestHandler {
  return async (request, response) => {
    const confirmation = decode(body, request.body ?? {});
    const key = callerKey(request, response);
    await service.confirm(key, confirmation.sync ?? null, confirmation.failed ?? []);
    response.json({ statut: '0' });
  };
}
