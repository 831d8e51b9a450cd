import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Caller } from '../../../shared/domain/staff';
import { AppError } from '../../../shared/errors/app-error';
import { decode } from '../../http/decode';
import { problemOf } from '../../http/problem';
import type { Health, HealthCheck } from '../../ops/health';
import {
  clearSessionCookie,
  createVisitorCheck,
  needSameSite,
  setSessionCookie,
  tokenOf,
  visitorOf,
} from '../rest/authentication';
import { idOf, pageOfQuery, pageQuery, pathId, textOf } from '../rest/parameters';
import { syncCursor } from '../rest/syncs';
import type { SessionService } from '../services/session';
import type { SolutionService } from '../services/solutions';
import type { SyncService } from '../services/syncs';
import { solutionsPage, visitorPage } from './start-page';
import { stylesheet } from './stylesheet';
import { syncsPage } from './syncs-page';
import { type Words, wordsFor } from './words';

export interface ConsoleServices {
  readonly sessions: SessionService;
  readonly solutions: Pick<SolutionService, 'list' | 'get'>;
  readonly syncs: Pick<SyncService, 'list'>;
  readonly checkHealth: HealthCheck;
}

const signIn = z.object({
  email: textOf(320),
  password: z.string().max(1024),
});
const solutionsQuery = pageQuery(idOf);
const syncsQuery = pageQuery(syncCursor);
const everySolution = { search: null, accountId: null, state: null };

/** Pages for people. They work without JavaScript, and allow none. */
export function createConsoleRoutes(services: ConsoleServices): Router {
  const router = Router();
  const visitor = createVisitorCheck(services.sessions);

  router.get('/assets/console.css', (_request, response) => {
    response.type('css').setHeader('Cache-Control', 'public, max-age=300').send(stylesheet);
  });

  router.get('/', pageHeaders, visitor, async (request, response) => {
    const caller = visitorOf(request);
    const words = wordsFor(request);
    const health = await services.checkHealth();
    response.send(
      caller === null
        ? visitorPage(words, health, null)
        : await signedInPage(services, caller, words, health, request),
    );
  });

  router.post('/sign-in', pageHeaders, express.urlencoded({ limit: '16kb' }), async (request, response) => {
    needSameSite(request);
    const { email, password } = decode(signIn, request.body ?? {});
    try {
      const session = await services.sessions.signIn({ email, password, address: request.ip ?? '' });
      setSessionCookie(request, response, session);
      response.redirect(303, '/');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await answerProblem(services, request, response, email, error);
    }
  });

  router.post('/sign-out', pageHeaders, visitor, async (request, response) => {
    const caller = visitorOf(request);
    if (caller !== null) await services.sessions.signOut(tokenOf(request), caller);
    clearSessionCookie(request, response);
    response.redirect(303, '/');
  });

  router.get('/solutions/:id', pageHeaders, visitor, async (request, response) => {
    const caller = visitorOf(request);
    if (caller === null) {
      response.redirect(303, '/');
      return;
    }
    const id = pathId(request, 'solution');
    const page = pageOfQuery(decode(syncsQuery, request.query));
    const solution = await services.solutions.get(caller, id);
    const syncs = await services.syncs.list(caller, id, { channel: null, state: null }, page);
    response.send(syncsPage(wordsFor(request), caller.email, solution, syncs));
  });

  return router;
}

async function signedInPage(
  services: ConsoleServices,
  caller: Caller,
  words: Words,
  health: Health,
  request: Request,
): Promise<string> {
  const page = pageOfQuery(decode(solutionsQuery, request.query));
  const solutions = await services.solutions.list(caller, everySolution, page);
  return solutionsPage(words, caller.email, health, solutions);
}

/** The form again, with what went wrong: a person must not read a problem document. */
async function answerProblem(
  { checkHealth }: ConsoleServices,
  request: Request,
  response: Response,
  email: string,
  error: AppError,
): Promise<void> {
  const words = wordsFor(request);
  const { status } = problemOf(error);
  if (error.retryAfterSeconds !== undefined) response.setHeader('Retry-After', error.retryAfterSeconds);
  response
    .status(status)
    .send(visitorPage(words, await checkHealth(), { message: messageOf(words, error), email }));
}

function messageOf(words: Words, { kind }: AppError): string {
  if (kind === 'unauthenticated') return words.wrongCredentials;
  return kind === 'too-many' ? words.tooManyAttempts : words.failed;
}

/** Nothing is loaded from elsewhere, nothing runs, and no other site may show these pages in a frame. */
const pageHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  // With `no-referrer` browsers would send `Origin: null` with our own forms.
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept-Language, Cookie');
  next();
};
