import type { Request, RequestHandler, Response } from 'express';
import { addressOf } from '../../http/address';
import { isByTls, isTlsOnly } from '../../http/transport';
import type { Caller } from '../../../shared/domain/staff';
import { crossSite, secondFactorMissing, unauthorized } from '../../../shared/errors/catalog';
import type { Session, SessionService, Visitor } from '../services/session';
import type { BrowserSession } from '../services/sign-in';

/**
 * With this prefix, a browser only accepts the cookie from this host and over https, so that no neighbouring site can
 * set it.
 */
const cookieNameOf = (request: Request) => (isTlsOnly(request) ? '__Host-epack_session' : 'epack_session');
/** Marks a browser in which someone has signed in. It signs nobody in: it only gives that browser a counter of failures of its own. */
const browserCookieNameOf = (request: Request) =>
  isTlsOnly(request) ? '__Host-epack_browser' : 'epack_browser';
/** As long as the server remembers a network from which someone has signed in. */
const browserMilliseconds = 90 * 24 * 3600 * 1000;

/** For the few hundred bytes of an unknown caller. */
export const signInBodyMilliseconds = 20_000;

interface SignedIn extends Visitor {
  readonly token: string;
}

const signedIn = new WeakMap<Request, SignedIn>();

/** Finds out who calls before any route runs. Throws `unauthorized`, `cross-site`, `second-factor-missing`. */
export function createStaffCheck(sessions: Pick<SessionService, 'findVisitor'>): RequestHandler {
  return async (request, response, next) => {
    if (!(await recognise(sessions, request, response))) throw unauthorized();
    const isAboutSession = request.originalUrl.startsWith('/api/session');
    if (dutyOf(request) === 'set-up-second-factor' && !isAboutSession) throw secondFactorMissing();
    next();
  };
}

/** For pages that show something to everyone. Throws `cross-site`. */
export function createVisitorCheck(sessions: Pick<SessionService, 'findVisitor'>): RequestHandler {
  return async (request, response, next) => {
    await recognise(sessions, request, response);
    next();
  };
}

/** The caller who passed the check. */
export function callerOf(request: Request): Caller {
  return signedInOf(request).caller;
}

/** Null: the caller is not signed in. */
export function visitorOf(request: Request): Caller | null {
  return signedIn.get(request)?.caller ?? null;
}

/** The step that the visitor must take on the console before anything else. Null: there is none. */
export const dutyOf = (request: Request): Visitor['duty'] => signedIn.get(request)?.duty ?? null;

/** How they signed in, and what that is worth. */
export function proofOf(request: Request): Pick<Visitor, 'method' | 'hasSecondFactor' | 'isProofFresh'> {
  return signedInOf(request);
}

export function tokenOf(request: Request): string {
  return signedInOf(request).token;
}

/** For a browser; scripts cannot read it, and other sites cannot make the browser send it with more than a link. */
export function setSessionCookie(request: Request, response: Response, { token, expiresAt }: Session): void {
  response.cookie(cookieNameOf(request), token, { ...cookieOptions(request), expires: expiresAt });
}

/** As `setSessionCookie`, where a person signs in: the browser is known at the next sign-in. */
export function setBrowserCookies(request: Request, response: Response, session: BrowserSession): void {
  setSessionCookie(request, response, session);
  response.cookie(browserCookieNameOf(request), session.browserToken, {
    ...cookieOptions(request),
    maxAge: browserMilliseconds,
  });
}

/** The browser's proof of an earlier sign-in. Undefined: there is none. */
export const browserTokenOf = (request: Request): string | undefined =>
  cookieOf(request, browserCookieNameOf(request)) ?? undefined;

export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(cookieNameOf(request), cookieOptions(request));
}

/**
 * Refuses a request that a page of another site caused. Every current browser sends `Sec-Fetch-Site`, or at least
 * `Origin`. A caller that sends neither is a program, which has only its own cookies. Throws `cross-site`.
 */
export function needSameSite(request: Request): void {
  if (!isSameSite(request)) throw crossSite();
}

/** False: a page of another site made the browser send it. */
export function isSameSite(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = request.get('origin');
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.host);
}

async function recognise(
  sessions: Pick<SessionService, 'findVisitor'>,
  request: Request,
  response: Response,
): Promise<boolean> {
  const bearer = bearerOf(request);
  const token = bearer ?? cookieOf(request, cookieNameOf(request));
  // A page that refreshes itself does not count as use of the session.
  const isUse = request.get('hx-request') === undefined;
  const visitor = token === null ? null : await sessions.findVisitor(token, addressOf(request), isUse);
  if (token === null || visitor === null) return false;
  // For the line of the log and for the trail, also where the call is refused.
  response.locals['user'] = visitor.caller.email;
  // A browser sends the cookie by itself. A bearer token is only sent by a caller that knows it.
  if (bearer === null && isUnsafe(request)) needSameSite(request);
  signedIn.set(request, { ...visitor, token });
  return true;
}

/** If there is an `Authorization` header of any kind, only it counts. */
function bearerOf(request: Request): string | null {
  const authorization = request.get('authorization');
  if (authorization === undefined) return null;
  return /^Bearer ([^\s]+)$/i.exec(authorization)?.[1] ?? '';
}

function cookieOf(request: Request, name: string): string | null {
  const cookies = (request.get('cookie') ?? '').split(';').map((cookie) => cookie.trim());
  const found = cookies.find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? null;
}

const isUnsafe = (request: Request) => !['GET', 'HEAD', 'OPTIONS'].includes(request.method);

const cookieOptions = (request: Request) =>
  ({ httpOnly: true, sameSite: 'lax', secure: isByTls(request), path: '/' }) as const;

function signedInOf(request: Request): SignedIn {
  const found = signedIn.get(request);
  if (found === undefined) throw new Error('a route runs before its caller is known');
  return found;
}
