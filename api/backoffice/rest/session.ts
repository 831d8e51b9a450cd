import express, { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { decode } from '../../http/decode';
import type { SessionService } from '../services/session';
import { callerOf, clearSessionCookie, needSameSite, setSessionCookie, tokenOf } from './authentication';
import { textOf } from './parameters';

const credentials = z.object({ email: textOf(320), password: z.string().min(1).max(1024) });

/** `check`: the one that needs a signed-in caller. */
export function createSessionRoutes(
  sessions: Pick<SessionService, 'signIn' | 'signOut'>,
  check: RequestHandler,
): Router {
  const router = Router();

  router.post('/session', express.json({ limit: '16kb' }), async (request, response) => {
    // Another site must not sign a browser in as someone else either.
    needSameSite(request);
    const { email, password } = decode(credentials, request.body ?? {});
    const session = await sessions.signIn({ email, password, address: request.ip ?? '' });
    setSessionCookie(request, response, session);
    response.json(session);
  });

  router.delete('/session', check, async (request, response) => {
    await sessions.signOut(tokenOf(request), callerOf(request));
    clearSessionCookie(request, response);
    response.status(204).end();
  });

  return router;
}
