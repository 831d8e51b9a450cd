import type { Request } from 'express';
import { z } from 'zod';
import type { OpenSession } from '../../../shared/stores/staff/session-store';
import { addressOf } from '../../http/address';
import { instant, json, jsonBody, noContent } from '../../http/operation';
import { createRoute, emptyReply, reply, type Route } from '../../http/route';
import type { SecondFactorService } from '../services/second-factor';
import type { SessionService } from '../services/session';
import type { SignInService } from '../services/sign-in';
import {
  clearSessionCookie,
  needSameSite,
  setSessionCookie,
  signInBodyMilliseconds,
  tokenOf,
} from '../http/authentication';
import {
  bigIdParameter,
  chosenPassword,
  givenCode,
  givenPassword,
  idParameter,
  textOf,
} from '../http/request-fields';
import { staffRoute } from './staff-route';

const credentials = z.object({
  email: textOf(320).meta({ examples: ['claire@example.org'] }),
  password: givenPassword,
  code: givenCode.optional().meta({
    description: 'Required if the account has a second factor: the current code, or a recovery code.',
    examples: ['123456'],
  }),
});
const session = z
  .object({
    token: z.string().meta({
      description: 'For `Authorization: Bearer`. Keep it secret.',
      examples: ['JQ4dZkCvD5mB9w1yVq0m6XlTn2sRkU8hPzE3aGfYo7c'],
    }),
    expiresAt: instant.meta({
      description:
        'Twelve hours after signing in. A session that nobody uses for EPACK_SESSION_IDLE_MINUTES ends earlier.',
    }),
    mustChangePassword: z.boolean().meta({
      description:
        'True: someone else chose the password. The console asks for another one; programs may go on.',
      examples: [false],
    }),
  })
  .meta({ id: 'Session' });

const openSession = z
  .object({
    id: z.string().meta({ examples: ['4711'] }),
    method: z.enum(['password', 'oidc']).meta({ description: 'How the session was opened.' }),
    address: z
      .string()
      .nullable()
      .meta({ examples: ['192.0.2.7'] }),
    userAgent: z.string().nullable(),
    createdAt: instant,
    seenAt: instant.meta({ description: 'When the session was last used, accurate to about ten minutes.' }),
    expiresAt: instant,
    current: z.boolean().meta({ description: 'True: it is the session of this call.' }),
  })
  .meta({ id: 'OpenSession' });
const openSessions = z.object({ items: z.array(openSession) });

const passwordChange = z.strictObject({
  current: givenPassword,
  next: chosenPassword,
});

const secondFactor = z
  .object({
    since: instant.nullable().meta({ description: 'Null: there is none.' }),
    recoveryCodesLeft: z
      .number()
      .int()
      .meta({ examples: [10] }),
  })
  .meta({ id: 'SecondFactor' });
const secondFactorOffer = z
  .object({
    secret: z.string().meta({
      description: 'For an authenticator app, in base32.',
      examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
    }),
    uri: z.string().meta({
      description: 'The same secret, for a QR code.',
      examples: ['otpauth://totp/ePack:claire%40example.org?issuer=ePack&secret=JBSWY3DPEHPK3PXP'],
    }),
  })
  .meta({ id: 'SecondFactorOffer' });
const proofOfFactor = z.strictObject({ code: givenCode });

interface Services {
  readonly sessions: SessionService;
  readonly signIn: SignInService;
  readonly secondFactor: SecondFactorService;
}

export const createSessionRoutes = ({ sessions, signIn, secondFactor: factors }: Services): Route[] => [
  createRoute(
    {
      method: 'post',
      path: '/api/session',
      id: 'signIn',
      tag: 'Session',
      summary: 'Signs in',
      description:
        'Programs send the token as a bearer token; a browser gets a cookie as well. After ten failures for one e-mail from one address within five minutes: 429.',
      access: 'anyone',
      body: jsonBody(credentials, { limit: '16kb', withinMilliseconds: signInBodyMilliseconds }),
      answers: { 200: json('Signed in.', session, { 'Set-Cookie': 'For the console: HttpOnly, SameSite.' }) },
      problems: {
        401: ['bad-credentials', 'second-factor-needed'],
        403: ['cross-site', 'passwords-off', 'second-factor-missing'],
        429: ['too-many-requests'],
        503: ['unavailable'],
      },
      async handle({ request, response, body: { email, password, code } }) {
        // Another site must not sign a browser in as someone else either.
        needSameSite(request);
        const opened = await signIn.signIn({ email, password, code, ...originOf(request) });
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
    answers: { 204: noContent('The token is no longer valid.') },
    async handle({ request, response, caller }) {
      await sessions.signOut(tokenOf(request), caller);
      clearSessionCookie(request, response);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/session/all',
    id: 'listOwnSessions',
    tag: 'Session',
    summary: "Lists the caller's open sessions",
    description: 'The newest first.',
    access: 'viewer',
    answers: { 200: json('The sessions.', openSessions) },
    async handle({ request, caller }) {
      const items = await sessions.listOwn(caller, tokenOf(request));
      return reply(200, { items: items.map(sessionJson) });
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/session/all/{id}',
    id: 'endOwnSession',
    tag: 'Session',
    summary: "Ends one of the caller's sessions",
    access: 'viewer',
    params: { id: bigIdParameter('session') },
    answers: { 204: noContent('The token of that session is no longer valid.') },
    async handle({ caller, params }) {
      await sessions.endOwn(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/session/password',
    id: 'changePassword',
    tag: 'Session',
    summary: "Changes the caller's own password",
    description: 'All other sessions of the caller end.',
    access: 'viewer',
    body: jsonBody(passwordChange, { limit: '16kb' }),
    answers: { 204: noContent('Changed.') },
    problems: { 401: ['bad-credentials'], 422: ['invalid-fields'], 429: ['too-many-requests'] },
    async handle({ request, caller, body }) {
      await signIn.changePassword(caller, { ...body, token: tokenOf(request) });
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/session/second-factor',
    id: 'readSecondFactor',
    tag: 'Session',
    summary: "Returns the state of the caller's own second factor",
    access: 'viewer',
    answers: { 200: json('The state of the second factor.', secondFactor) },
    async handle({ caller }) {
      return reply(200, await factors.state(caller));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/session/second-factor',
    id: 'beginSecondFactor',
    tag: 'Session',
    summary: 'Begins to set up a second factor',
    description:
      'Returns the data that an authenticator app needs. The second factor is on once a code has proved that the app has it; until then the response stays the same.',
    access: 'viewer',
    answers: { 200: json('The data for the app.', secondFactorOffer) },
    problems: { 409: ['already-exists'] },
    async handle({ caller }) {
      return reply(200, await factors.offer(caller));
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/session/second-factor',
    id: 'turnOnSecondFactor',
    tag: 'Session',
    summary: 'Turns the second factor on',
    description: 'From now on, signing in needs a code.',
    access: 'viewer',
    body: jsonBody(proofOfFactor, { limit: '16kb' }),
    answers: {
      200: json(
        'Codes for the day on which the app is lost, each good for once. They are shown this once.',
        z.object({ recoveryCodes: z.array(z.string().meta({ examples: ['8f3a1c20d4-77be09a1f2'] })) }),
      ),
    },
    problems: { 422: ['invalid-fields'], 429: ['too-many-requests'] },
    async handle({ caller, body }) {
      return reply(200, { recoveryCodes: await factors.turnOn(caller, body.code) });
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/session/second-factor',
    id: 'turnOffSecondFactor',
    tag: 'Session',
    summary: "Removes the caller's own second factor",
    description: 'This needs a current code or a recovery code.',
    access: 'viewer',
    body: jsonBody(proofOfFactor, { limit: '16kb' }),
    answers: { 204: noContent('The password alone signs in.') },
    problems: { 422: ['invalid-fields'], 429: ['too-many-requests'] },
    async handle({ caller, body }) {
      await factors.turnOff(caller, body.code);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/users/{id}/second-factor',
    id: 'removeSecondFactorOfUser',
    tag: 'Users',
    summary: 'Removes the second factor of a user who has lost it',
    access: 'admin',
    params: { id: idParameter('user') },
    answers: { 204: noContent('The password alone signs in.') },
    async handle({ caller, params }) {
      await factors.turnOffOf(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/users/{id}/sessions',
    id: 'listSessionsOfUser',
    tag: 'Users',
    summary: "Lists a user's open sessions",
    access: 'admin',
    params: { id: idParameter('user') },
    answers: { 200: json('The sessions.', openSessions) },
    async handle({ caller, params }) {
      const items = await sessions.listOf(caller, params.id);
      return reply(200, { items: items.map(sessionJson) });
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/users/{id}/sessions',
    id: 'endSessionsOfUser',
    tag: 'Users',
    summary: 'Signs a user out everywhere',
    access: 'admin',
    params: { id: idParameter('user') },
    answers: { 200: json('How many sessions ended.', z.object({ ended: z.number() })) },
    async handle({ caller, params }) {
      return reply(200, { ended: await sessions.endAllOf(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/users/{id}/identities',
    id: 'forgetIdentities',
    tag: 'Users',
    summary: 'Removes the link between a user and the identity provider',
    description:
      'At the next sign-in through the identity provider, the verified e-mail address decides again.',
    access: 'admin',
    params: { id: idParameter('user') },
    answers: { 200: json('The number of removed links.', z.object({ forgotten: z.number() })) },
    async handle({ caller, params }) {
      return reply(200, { forgotten: await sessions.forgetIdentities(caller, params.id) });
    },
  }),
];

const originOf = (request: Request) => ({
  address: addressOf(request),
  userAgent: request.get('user-agent'),
});

const sessionJson = ({ userId: _, isCurrent, ...open }: OpenSession) => ({ ...open, current: isCurrent });
