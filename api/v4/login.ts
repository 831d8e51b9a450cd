import type { RequestHandler } from 'express';
import { z } from 'zod';
import { addressOf } from '../http/address';
import { checkChannel } from '../http/caller';
import { decode, keepableText } from '../http/decode';
import { deviceOf } from '../http/device';
import { json, type Operation } from '../http/operation';
import type { LoginService } from '../services/login';
import { channelParameter, describedBody } from './parameters';

const body = z.object({
  mail_solution: keepableText(1, 320).meta({ examples: ['petit.zinc@example.org'] }),
  MAC: keepableText(1, 64).meta({ examples: ['00:1A:2B:3C:4D:5E'] }),
  secret: z
    .string()
    .max(512)
    .nullish()
    .meta({
      description: 'Required if the login policy is `secret`.',
      examples: ['5sWmVt0yG9qk3bXJc1uRaFh8LzPn7oEd2iKvTgYx4M0'],
    }),
});

export const loginOperation: Operation = {
  method: 'post',
  path: '/v4/{channel}/login',
  id: 'login',
  tag: 'Protocol',
  summary: 'Signs a solution in',
  description:
    'The token serves all four channels. The first login binds the MAC; another MAC later locks the solution.',
  access: 'anyone',
  params: { channel: channelParameter },
  body: describedBody({ 'application/json': { schema: body } }),
  answers: {
    200: json(
      'The token, a JSON string (JWT).',
      z.string().meta({ examples: ['eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiIxMiJ9.c2lnbmF0dXJl'] }),
    ),
  },
  problems: {
    400: ['bad-credentials'],
    401: ['locked', 'blocked'],
    413: ['too-large'],
    429: ['too-many-requests'],
  },
};

/** POST /v4/{channel}/login → a token, as a JSON string. */
export function postLogin(service: LoginService): RequestHandler {
  return async (request, response) => {
    checkChannel(request);
    const { mail_solution: mail, MAC: mac, secret } = decode(body, request.body);
    const token = await service.login({
      ...{ mail, mac, secret: secret ?? null, address: addressOf(request) },
      device: deviceOf(request.headers),
    });
    response.json(token);
  };
}
