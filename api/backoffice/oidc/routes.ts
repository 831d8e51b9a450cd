import { type Request, type RequestHandler, type Response, Router } from 'express';
import { addressOf } from '../../http/address';
import { isByTls, isTlsOnly } from '../../http/transport';
import { AppError } from '../../../shared/errors/app-error';
import { setSessionCookie } from '../http/authentication';
import { type OidcSignIn, oidcAttemptSeconds } from './sign-in';

/** For the sign-in page: what to show, and where it leads. */
export interface OidcButton {
  /** e.g. `Contoso`: the button says "Sign in with Contoso". */
  readonly label: string;
  readonly path: string;
}

/** The path to which the provider sends people back. The client must be registered with it. */
export const oidcCallbackPath = '/signin/oidc/callback';
export const oidcPath = '/signin/oidc';

/**
 * Why a person is back on the sign-in page: `/?refused=<reason>`, one of the members `reason` of `sign-in-refused`,
 * `away` or `too-many`.
 */
export const refusalParameter = 'refused';

/** `GET /signin/oidc?return=<path>` leaves for the identity provider; the callback comes back from it. */
export function createOidcRoutes(signIn: OidcSignIn): Router {
  const router = Router();

  router.get(oidcPath, noStore, async (request, response) => {
    await orBack(response, async () => {
      const { url, state } = await signIn.depart(pathWithin(request.query['return']), originOf(request));
      response.cookie(cookieNameOf(request), state, {
        ...cookieOptions(request),
        maxAge: oidcAttemptSeconds * 1000,
      });
      response.redirect(303, url);
    });
  });

  router.get(oidcCallbackPath, noStore, async (request, response) => {
    const state = cookieOf(request);
    response.clearCookie(cookieNameOf(request), cookieOptions(request));
    await orBack(response, async () => {
      const arrival = { answer: textsOf(request.query), state, origin: originOf(request) };
      const { session, returnTo } = await signIn.arrive(arrival);
      setSessionCookie(request, response, session);
      response.redirect(303, returnTo);
    });
  });

  return router;
}

/** A person must not read a problem document: the sign-in page says what went wrong. */
async function orBack(response: Response, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    response.redirect(303, `/?${refusalParameter}=${reasonOf(error)}`);
  }
}

function reasonOf({ kind, members }: AppError): string {
  if (kind === 'unavailable') return 'away';
  if (kind === 'too-many') return 'too-many';
  return typeof members['reason'] === 'string' ? members['reason'] : 'refused';
}

/** A path of this server, whatever was asked for: nobody is sent on to another site. */
function pathWithin(wanted: unknown): string {
  const here = 'http://here.invalid';
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || !URL.canParse(wanted, here)) return '/';
  const { origin, pathname, search } = new URL(wanted, here);
  return origin === here ? `${pathname}${search}`.replace(/^\/+/, '/').slice(0, 2000) : '/';
}

/** A parameter that comes twice counts as none. */
const textsOf = (query: Request['query']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

const originOf = (request: Request) => ({
  address: addressOf(request),
  userAgent: request.get('user-agent'),
});

const cookieNameOf = (request: Request) => (isTlsOnly(request) ? '__Host-epack_oidc' : 'epack_oidc');

/** `lax`: the provider's answer comes from another site, as a link does. */
const cookieOptions = (request: Request) =>
  ({
    httpOnly: true,
    sameSite: 'lax',
    secure: isByTls(request),
    path: isTlsOnly(request) ? '/' : oidcPath,
  }) as const;

function cookieOf(request: Request): string | null {
  const cookies = (request.get('cookie') ?? '').split(';').map((cookie) => cookie.trim());
  const name = cookieNameOf(request);
  const found = cookies.find((cookie) => cookie.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? null;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};
