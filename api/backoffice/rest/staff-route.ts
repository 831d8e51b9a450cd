import type { z } from 'zod';
import { type Caller, isAdmin, type Role } from '../../../shared/domain/staff';
import { forbidden } from '../../../shared/errors/catalog';
import type { Answers } from '../../http/operation';
import { createRoute, type Route, type RouteDeclaration } from '../../http/route';
import { callerOf } from '../http/authentication';

/** A call of the backoffice, by someone who is signed in. */
export interface StaffContext {
  readonly caller: Caller;
}

/**
 * Declares a call of the backoffice: see `alerts.ts` for the pattern. The route, its validation and its chapter of
 * `/openapi.json` come from the one declaration. `access` is the least role. Only `admin` is checked here: whether
 * someone may edit is for the service to say, after it has found that there is something that the caller may see.
 */
export function staffRoute<
  P extends Record<string, unknown>,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B,
  A extends Answers,
>(declaration: RouteDeclaration<P, Q, H, B, A, StaffContext> & { readonly access: Role }): Route {
  const route = createRoute(declaration, (request) => ({ caller: callerOf(request) }));
  if (declaration.access !== 'admin') return route;
  return {
    ...route,
    handlers: [
      (request, _response, next) => {
        if (!isAdmin(callerOf(request))) throw forbidden();
        next();
      },
      ...route.handlers,
    ],
  };
}
