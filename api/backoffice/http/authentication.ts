import type { Request, RequestHandler, Response } from 'express';
import { addressOf } from '../../http/address';
import type { Caller } from '../../../shared/domain/staff';
import { crossSite, unauthorized } from '../../../shared/errors/catalog';
import type { Session, SessionService } from '../services/session';

const cookieName = 'epack_session';

interface SignedIn {
  readonly caller: Caller;
  readonly token: string;
}

const signedIn = new WeakMap<Request, SignedIn>();

/** Knows who calls before any route runs. Throws `unauthorized`, `cross-site`. */
export function createStaffCheck(sessions: Pick<SessionService, 'findCaller'>): RequestHandler {
  return async (request, response, next) => {
    if (!(await recognise(sessions, request, response))) throw unauthorized();
    next();
  };
}

/** For pages that show something to everyone. Throws `cross-site`. */
export function createVisitorCheck(sessions: Pick<SessionService, 'findCaller'>): RequestHandler {
  return async (request, response, next) => {
    await recognise(sessions, request, response);
    next();
  };
}

/** Whoever passed the check. */
export function callerOf(request: Request): Caller {
  return signedInOf(request).caller;
}

/** Null: a visitor. */
export function visitorOf(request: Request): Caller | null {
  return signedIn.get(request)?.caller ?? null;
}

export function tokenOf(request: Request): string {
  return signedInOf(request).token;
}

/** For a browser; scripts cannot read it, and other sites cannot make the browser send it with more than a link. */
export function setSessionCookie(request: Request, response: Response, { token, expiresAt }: Session): void {
  response.cookie(cookieName, token, { ...cookieOptions(request), expires: expiresAt });
}

export function clearSessionCookie(request: Request, response: Response): void {
  response.clearCookie(cookieName, cookieOptions(request));
}

/**
 * Refuses what a page of another site made the browser send. Every browser of these years tells by `Sec-Fetch-Site`,
 * or at least by `Origin`; whoever sends neither is a program, which has no cookie but its own. Throws `cross-site`.
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
  sessions: Pick<SessionService, 'findCaller'>,
  request: Request,
  response: Response,
): Promise<boolean> {
  const bearer = bearerOf(request);
  const token = bearer ?? cookieOf(request);
  const caller = token === null ? null : await sessions.findCaller(token, addressOf(request));
  if (token === null || caller === null) return false;
  // For the line of the log and for the trail, also where the call is refused.
  response.locals['user'] = caller.email;
  // A browser sends the cookie by itself; a bearer token is sent by whoever knows it.
  if (bearer === null && isUnsafe(request)) needSameSite(request);
  signedIn.set(request, { caller, token });
  return true;
}

/** An `Authorization` header of whatever kind is the only thing that counts. */
function bearerOf(request: Request): string | null {
  const authorization = request.get('authorization');
  if (authorization === undefined) return null;
  return /^Bearer ([^\s]+)$/i.exec(authorization)?.[1] ?? '';
}

function cookieOf(request: Request): string | null {
  const cookies = (request.get('cookie') ?? '').split(';').map((cookie) => cookie.trim());
  const found = cookies.find((cookie) => cookie.startsWith(`${cookieName}=`));
  return found?.slice(cookieName.length + 1) ?? null;
}

const isUnsafe = (request: Request) => !['GET', 'HEAD', 'OPTIONS'].includes(request.method);

const cookieOptions = (request: Request) =>
  ({ httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' }) as const;

function signedInOf(request: Request): SignedIn {
  const found = signedIn.get(request);
  if (found === undefined) throw new Error('a route runs before its caller is known');
  return found;
}
