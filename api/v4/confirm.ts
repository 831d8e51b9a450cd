import type { RequestHandler } from 'express';
import { z } from 'zod';
import { callerKey } from '../http/caller';
import { decode, keepableText } from '../http/decode';
import { json, type Operation } from '../http/operation';
import type { DeliveryService } from '../services/delivery';
import { channelParameter, describedBody, syncId } from './parameters';

const maxReasonLength = 2000;
/** Any reason that a solution gives is accepted, because the channel would otherwise stay at 2. */
const reason = z
  .string()
  .transform((text) => text.slice(0, maxReasonLength).replace(/[\0\p{Surrogate}]/gu, '\ufffd'));
/** Without an id, the whole file has failed. */
const id = z.union([keepableText(0, 64), z.number().transform(String)]);
const failed = z.object({
  file: keepableText(1, 200),
  id: id.nullish().transform((given) => given ?? ''),
  reason: reason.nullish().transform((text) => text ?? ''),
});
/** Some write it in capitals. */
const sync = z.uuid().toLowerCase();
const body = z.object({ sync: sync.nullish(), failed: z.array(failed).max(100_000).nullish() });

const described = z.object({
  sync: syncId.optional().meta({ description: 'If absent, the current package.' }),
  failed: z
    .array(
      z.object({
        file: z.string().meta({ examples: ['xml/Fridges-u.xml'] }),
        id: z
          .string()
          .optional()
          .meta({ description: 'If absent, the whole file.', examples: ['12'] }),
        reason: z
          .string()
          .optional()
          .meta({ examples: ['unknown fridge'] }),
      }),
    )
    .max(100_000)
    .optional(),
});

export const confirmOperation: Operation = {
  method: 'post',
  path: '/v4/{channel}/confirm',
  id: 'confirm',
  tag: 'Protocol',
  summary: 'Confirms the current package',
  description:
    'Confirmed instructions are done; failed ones go into the next package, up to five times. Confirming the last confirmed sync again changes nothing.',
  access: 'solution',
  params: { channel: channelParameter },
  body: describedBody({ 'application/json': { schema: described } }, false),
  answers: {
    200: json('The channel is at 0.', z.object({ statut: z.literal('0') }).meta({ id: 'Confirmed' })),
  },
  problems: { 403: ['wrong-status'], 409: ['other-sync'], 413: ['too-large'] },
};

/** POST /v4/{channel}/confirm → `{"statut": "0"}`. An empty body confirms the current package in full. */
export function postConfirm(service: DeliveryService): RequestHandler {
  return async (request, response) => {
    // Undefined: there was no body. Any other value, also `null`, counts as a body.
    const sent: unknown = request.body;
    const confirmation = decode(body, sent === undefined ? {} : sent);
    const key = callerKey(request, response);
    await service.confirm(key, confirmation.sync ?? null, confirmation.failed ?? []);
    response.json({ statut: '0' });
  };
}
