import type { RequestHandler } from 'express';
import { z } from 'zod';
import { callerKey } from '../http/caller';
import { decode, keepableText } from '../http/decode';
import type { DeliveryService } from '../services/delivery';

const maxReasonLength = 2000;
/** Whatever a solution gives for a reason, it must get through: the channel would stay at 2. */
const reason = z
  .string()
  .transform((text) => text.slice(0, maxReasonLength).replace(/[\0\p{Surrogate}]/gu, '\ufffd'));
/** Without one, all of the file has failed. */
const id = z.union([keepableText(0, 64), z.number().transform(String)]);
const failed = z.object({
  file: keepableText(1, 200),
  id: id.nullish().transform((given) => given ?? ''),
  reason: reason.nullish().transform((text) => text ?? ''),
});
/** Some write it in capitals. */
const sync = z.uuid().toLowerCase();
const body = z.object({ sync: sync.nullish(), failed: z.array(failed).max(100_000).nullish() });

/** POST /v4/{channel}/confirm → `{"statut": "0"}`. An empty body confirms the package at hand in full. */
export function postConfirm(service: DeliveryService): RequestHandler {
  return async (request, response) => {
    const confirmation = decode(body, request.body ?? {});
    const key = callerKey(request, response);
    await service.confirm(key, confirmation.sync ?? null, confirmation.failed ?? []);
    response.json({ statut: '0' });
  };
}
