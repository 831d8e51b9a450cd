import express, { Router } from 'express';
import { z } from 'zod';
import { notFound } from '../../shared/errors/catalog';
import { needBodyWithin } from '../http/expect';
import { type Body, noContent, pathParameter } from '../http/operation';
import {
  createRoute,
  emptyReply,
  type Interface,
  mountRoutes,
  refuseOtherMethods,
  type Route,
} from '../http/route';
import type { HookInService } from '../services/hooks-in';

const text = z.string().max(200);
const params = {
  system: pathParameter(text.meta({ examples: ['espo'] }), () => notFound('hook')),
  token: pathParameter(text.meta({ description: 'Known to the system alone.', examples: ['8f0b…'] }), () =>
    notFound('hook'),
  ),
};

/** The bytes as they came: the signature is made of them. */
const rawBody: Body<Uint8Array> = {
  content: { 'application/json': { schema: z.union([z.looseObject({}), z.array(z.looseObject({}))]) } },
  isRequired: true,
  readers: [needBodyWithin(20_000), express.raw({ limit: '1mb', type: () => true })],
  decode: (body) => (body instanceof Uint8Array ? body : new Uint8Array()),
};

/** Webhooks in: other systems report that something has changed. */
export function createHookRoutes(hooks: HookInService): Interface {
  const router = Router();
  const operations: Route[] = [
    createRoute(
      {
        method: 'post',
        path: '/hooks/{system}/{token}',
        id: 'takeWebhook',
        tag: 'Systems',
        summary: 'Receives a webhook of a system: an object with an `id`, or a list of them',
        description:
          'Only the ids are believed. Where a key of the webhook is known, its signature over the body is judged.',
        access: 'anyone',
        params,
        headers: z.object({
          signature: z.string().max(1_000).optional(),
          'x-signature': z.string().max(1_000).optional(),
        }),
        body: rawBody,
        answers: { 202: noContent('The named records will be compared.') },
        problems: { 401: ['unauthorized'], 404: ['not-found'], 413: ['too-large'] },
        async handle({ params: { system, token }, headers, body }) {
          const signature = { signature: headers.signature, 'x-signature': headers['x-signature'] };
          await hooks.take({ system, token, body, headers: signature });
          return emptyReply(202);
        },
      },
      () => ({}),
    ),
  ];
  mountRoutes(router, operations, () => []);
  refuseOtherMethods(router, operations, []);
  return { router, operations };
}
