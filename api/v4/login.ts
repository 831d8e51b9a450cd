import type { RequestHandler } from 'express';
import { z } from 'zod';
import { checkChannel } from '../http/caller';
import { decode, keepableText } from '../http/decode';
import type { LoginService } from '../services/login';

const body = z.object({
  mail_solution: keepableText(1, 320),
  MAC: keepableText(1, 64),
  secret: z.string().max(512).nullish(),
});

/** POST /v4/{channel}/login → a token, as a JSON string. */
export function postLogin(service: LoginService): RequestHandler {
  return async (request, response) => {
    checkChannel(request);
    const { mail_solution: mail, MAC: mac, secret } = decode(body, request.body);
    const token = await service.login({ mail, mac, secret: secret ?? null, address: request.ip ?? '' });
    response.json(token);
  };
}
