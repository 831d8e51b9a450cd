import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import { z } from 'zod';
import { AppError } from '../../../shared/errors/app-error';
import { unknownRoute } from '../../../shared/errors/catalog';
import { addressOf } from '../../http/address';
import { decode } from '../../http/decode';
import { needBodyWithin } from '../../http/expect';
import { problemOf } from '../../http/problem';
import { refusalParameter } from '../oidc/routes';
import {
  browserTokenOf,
  clearSessionCookie,
  createVisitorCheck,
  dutyOf,
  needSameSite,
  setBrowserCookies,
  signInBodyMilliseconds,
  tokenOf,
  visitorOf,
} from '../http/authentication';
import { givenCode, textOf } from '../http/request-fields';
import { createAssetRoutes } from './assets';
import type { ConsoleServices } from './console-services';
import { createGuard, guardedPaths } from './guard';
import { createAccountPageRoutes } from './pages/accounts';
import { createSchedulePageRoutes } from './pages/schedules';
import { createAlertPageRoutes } from './pages/alerts';
import { createApprovalPageRoutes } from './pages/approvals';
import { createAuditPageRoutes } from './pages/audit';
import { createConfirmAddressRoutes } from './pages/confirm-address';
import { createConflictPageRoutes } from './pages/conflicts';
import { errorPage } from './pages/error';
import { createMyPageRoutes } from './pages/me';
import { createMessagePageRoutes } from './pages/messages';
import { createNotificationPageRoutes } from './pages/notifications';
import { createOfflineFilePageRoutes } from './pages/offline-files';
import { overviewPage } from './pages/overview';
import { createLinkPageRoutes } from './pages/pairs/link';
import { createPairPageRoutes } from './pages/pairs/pairs';
import { createSystemPageRoutes } from './pages/pairs/systems';
import { createParamPageRoutes } from './pages/params';
import { createPhotoPageRoutes } from './pages/photos';
import { createQuarantinePageRoutes } from './pages/quarantine';
import { createQuotaPageRoutes } from './pages/quotas';
import { createReadingPageRoutes } from './pages/readings';
import { createSecondFactorPageRoutes, secondFactorPath } from './pages/second-factor';
import { createRolloutPageRoutes } from './pages/rollouts';
import { createSettingsPageRoutes } from './pages/settings';
import { codePage, signInPage, type SignInState } from './pages/sign-in';
import { createSolutionPageRoutes } from './pages/solution';
import { createSolutionListRoutes } from './pages/solutions';
import { createStaffPageRoutes } from './pages/staff';
import { createSyncPageRoutes } from './pages/syncs';
import { createTemplatePageRoutes } from './pages/templates/templates';
import { createTemperaturePageRoutes } from './pages/temperatures';
import { renderPage } from './render';
import { createVisiting, isLocalPath, type Visiting } from './visit';
import { type Words, wordsFor } from './words';

const signInForm = z.object({
  email: textOf(320),
  password: z.string().max(1024),
  next: z.string().max(2_000).default('/'),
});

const codeForm = z.object({
  step: z.string().max(100),
  code: givenCode,
  next: z.string().max(2_000).default('/'),
});

/** Pages for people. All of them work without JavaScript. Mount these routes last. */
export function createConsoleRoutes(services: ConsoleServices): Router {
  const router = Router();
  const visiting = createVisiting(services);
  router.use(createAssetRoutes());
  router.use(pageHeaders);
  router.use(createVisitorCheck(services.sessions));
  router.use(createDoorRoutes(services, visiting));
  router.use(createConfirmAddressRoutes(services));
  router.use(doDutyFirst);
  router.post(guardedPaths, ...createGuard(services, visiting));
  router.use(createSolutionListRoutes(services, visiting));
  router.use(createSolutionPageRoutes(services, visiting));
  router.use(createSyncPageRoutes(services, visiting));
  router.use(createParamPageRoutes(services, visiting));
  router.use(createTemplatePageRoutes(services, visiting));
  router.use(createReadingPageRoutes(services, visiting));
  router.use(createTemperaturePageRoutes(services, visiting));
  router.use(createPhotoPageRoutes(services, visiting));
  router.use(createMessagePageRoutes(services, visiting));
  router.use(createSettingsPageRoutes(services, visiting));
  router.use(createQuotaPageRoutes(services, visiting));
  router.use(createAlertPageRoutes(services, visiting));
  router.use(createQuarantinePageRoutes(services, visiting));
  router.use(createConflictPageRoutes(services, visiting));
  router.use(createApprovalPageRoutes(services, visiting));
  router.use(createRolloutPageRoutes(services, visiting));
  router.use(createOfflineFilePageRoutes(services, visiting));
  router.use(createSystemPageRoutes(services, visiting));
  router.use(createPairPageRoutes(services, visiting));
  router.use(createLinkPageRoutes(services, visiting));
  router.use(createAuditPageRoutes(services, visiting));
  router.use(createNotificationPageRoutes(services, visiting));
  router.use(createMyPageRoutes(services, visiting));
  router.use(createSecondFactorPageRoutes(services, visiting));
  router.use(createStaffPageRoutes(services, visiting));
  router.use(createAccountPageRoutes(services, visiting));
  router.use(createSchedulePageRoutes(services, visiting));
  router.use(unknownPage);
  router.use(createErrorPage(services, visiting));
  return router;
}

/** The start page: the overview or the sign-in form. */
function createDoorRoutes(services: ConsoleServices, visiting: Visiting): Router {
  const router = Router();

  router.get('/', async (request, response) => {
    if (leadToDuty(request, response)) return;
    const visit = await visiting.visitOf(request);
    if (visit === null) {
      await showDoor(services, request, response);
      return;
    }
    const health = await services.checkHealth();
    const troubles = await services.pairBoard.troubles(visit.caller);
    const overview = await services.overview.look(visit.caller);
    response.send(renderPage(overviewPage(visit, overview, health, troubles)));
  });

  router.get('/sign-in', async (request, response) => {
    if (visitorOf(request) === null) await showDoor(services, request, response);
    else response.redirect(303, nextOf(request.query['next']));
  });

  router.post('/sign-in', ...readSignIn, async (request, response) => {
    needSameSite(request);
    const { email, password, next } = decode(signInForm, request.body ?? {});
    try {
      const result = await services.signIn.begin({ email, password, ...originOf(request) });
      if (!result.isDone) {
        const state = { problem: null, step: result.step, next: nextOf(next) };
        response.send(renderPage(codePage(wordsFor(request), state)));
        return;
      }
      setBrowserCookies(request, response, result.session);
      response.redirect(303, nextOf(next));
    } catch (error) {
      const problem = refusedSignIn(request, response, error);
      answerDoor(services, request, response, { problem, email, next: nextOf(next) });
    }
  });

  router.post('/sign-in/code', ...readSignIn, async (request, response) => {
    needSameSite(request);
    const { step, code, next } = decode(codeForm, request.body ?? {});
    try {
      const session = await services.signIn.finish(step, code, originOf(request));
      setBrowserCookies(request, response, session);
      response.redirect(303, nextOf(next));
    } catch (error) {
      const refusal = refusedSignIn(request, response, error);
      const isWrong = error instanceof AppError && error.kind === 'unauthenticated';
      const problem = isWrong ? wordsFor(request).wrongCode : refusal;
      response.send(renderPage(codePage(wordsFor(request), { problem, step, next: nextOf(next) })));
    }
  });

  // Needs no form token, because the check of the origin refuses calls from other sites.
  router.post('/sign-out', async (request, response) => {
    const caller = visitorOf(request);
    if (caller !== null) await services.sessions.signOut(tokenOf(request), caller);
    clearSessionCookie(request, response);
    response.redirect(303, '/');
  });

  return router;
}

async function showDoor(services: ConsoleServices, request: Request, response: Response): Promise<void> {
  // The session of a live part of a page has ended: the browser loads the page again and gets the sign-in form.
  if (request.get('hx-request') !== undefined) response.setHeader('HX-Refresh', 'true');
  const problem = refusalText(wordsFor(request), request.query[refusalParameter]);
  answerDoor(services, request, response, {
    problem,
    email: '',
    next: nextOf(request.query['next']),
  });
}

const readSignIn = [
  needBodyWithin(signInBodyMilliseconds),
  express.urlencoded({ limit: '16kb', extended: false }),
];

const originOf = (request: Request) => ({
  address: addressOf(request),
  userAgent: request.get('user-agent'),
  browserToken: browserTokenOf(request),
});

/** Sets the status. Returns the text for the sign-in page. */
function refusedSignIn(request: Request, response: Response, error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  response.status(problemOf(error).status);
  if (error.retryAfterSeconds !== undefined) response.setHeader('Retry-After', error.retryAfterSeconds);
  return problemText(wordsFor(request), error);
}

/** A first password is changed, and a second factor that is demanded set up, before anything else is shown. */
const doDutyFirst: RequestHandler = (request, response, next) => {
  if (request.path === '/me' || request.path.startsWith('/me/') || !leadToDuty(request, response)) next();
};

/** False: there is none. */
function leadToDuty(request: Request, response: Response): boolean {
  const duty = dutyOf(request);
  if (duty === null) return false;
  response.redirect(303, duty === 'change-password' ? '/me' : secondFactorPath);
  return true;
}

function answerDoor(
  { oidcButton, signInRules }: ConsoleServices,
  request: Request,
  response: Response,
  state: SignInState,
): void {
  const ways = { oidc: oidcButton, passwords: signInRules.passwords };
  response.send(renderPage(signInPage(wordsFor(request), state, ways)));
}

const nextOf = (wanted: unknown): string =>
  typeof wanted === 'string' && isLocalPath(wanted) ? wanted : '/';

function problemText(words: Words, { kind }: AppError): string {
  switch (kind) {
    case 'unauthenticated':
      return words.wrongCredentials;
    case 'too-many':
      return words.tooManyAttempts;
    case 'forbidden':
      return words.passwordsOff;
    case 'unavailable':
      return words.tooBusy;
    default:
      return words.failed;
  }
}

/** Why an identity provider's answer did not let someone in. */
function refusalText(words: Words, reason: unknown): string | null {
  if (typeof reason !== 'string') return null;
  const known: Readonly<Record<string, string>> = words.refusals;
  return Object.hasOwn(known, reason) ? (known[reason] ?? words.failed) : words.failed;
}

/** Pages must not be stored by browsers or proxies. */
const pageHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Vary', 'Accept-Language, Cookie');
  next();
};

/** A browser gets an error page. A program is answered by the API's own handler. */
const unknownPage: RequestHandler = (request, _response, next) => {
  if (isForPerson(request)) throw unknownRoute();
  next();
};

const isForPerson = (request: Request) => request.accepts('json', 'html') === 'html';

function createErrorPage({ log }: ConsoleServices, visiting: Visiting): ErrorRequestHandler {
  return async (error: unknown, request, response, next) => {
    if (response.headersSent || !isForPerson(request)) {
      next(error);
      return;
    }
    const { status } = problemOf(error);
    const foreseen = error instanceof AppError ? error : null;
    if (status === 500) log.error({ err: error, method: request.method, path: request.path }, 'page failed');
    // While the database cannot be reached, the user is not known.
    const visit = status >= 500 ? null : await visiting.visitOf(request);
    if (foreseen?.retryAfterSeconds !== undefined)
      response.setHeader('Retry-After', foreseen.retryAfterSeconds);
    response.status(status).send(renderPage(errorPage(wordsFor(request), visit, foreseen)));
  };
}
