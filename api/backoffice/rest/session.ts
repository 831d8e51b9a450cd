import { z } from 'zod';
import { instant, json, jsonBody, noContent } from '../../http/operation';
import { createRoute, emptyReply, reply, type Route } from '../../http/route';
import type { SessionService } from '../services/session';
import { clearSessionCookie, needSameSite, setSessionCookie, tokenOf } from './authentication';
import { textOf } from './parameters';
import { staffRoute } from './staff-route';

const credentials = z.object({
  email: textOf(320).meta({ examples: ['claire@example.org'] }),
  password: z
    .string()
    .min(1)
    .max(1024)
    .meta({ examples: ['correct horse battery'] }),
});
const session = z
  .object({
    token: z.string().meta({
      description: 'For `Authorization: Bearer`. Keep it secret.',
      examples: ['JQ4dZkCvD5mB9w1yVq0m6XlTn2sRkU8hPzE3aGfYo7c'],
    }),
    expiresAt: instant.meta({ description: 'Twelve hours after signing in.' }),
  })
  .meta({ id: 'Session' });

export const createSessionRoutes = (sessions: Pick<SessionService, 'signIn' | 'signOut'>): Route[] => [
  createRoute(
    {
      method: 'post',
      path: '/api/session',
      id: 'signIn',
      tag: 'Session',
      summary: 'Signs in',
      description:
        'Programs send the token as a bearer token; a browser gets a cookie as well. After ten failures for one e-mail or one address within five minutes: 429.',
      access: 'anyone',
      body: jsonBody(credentials, { limit: '16kb' }),
      answers: { 200: json('Signed in.', session, { 'Set-Cookie': 'For the console: HttpOnly, SameSite.' }) },
      problems: { 401: ['bad-credentials'], 403: ['cross-site'], 429: ['too-many-requests'] },
      async handle({ request, response, body: { email, password } }) {
        // Another site must not sign a browser in as someone else either.
        needSameSite(request);
        const opened = await sessions.signIn({ email, password, address: request.ip ?? '' });
        setSessionCookie(request, response, opened);
        return reply(200, opened);
      },
    },
    () => ({}),
  ),
  staffRoute({
    method: 'delete',
    path: '/api/session',
    id: 'signOut',
    tag: 'Session',
    summary: 'Ends the session',
    access: 'viewer',
    answers: { 204: noContent('The token is worth nothing any more.') },
    async handle({ request, response, caller }) {
      await sessions.signOut(tokenOf(request), caller);
      clearSessionCookie(request, response);
      return emptyReply(204);
    },
  }),
];
