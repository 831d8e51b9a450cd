import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { isChannel } from '../../shared/domain/channel';
import type { Route } from './route';

export interface DirectRoutes {
  /** Calls at `/v4/{channel}/…`, with everything that has to run for them, in order. */
  readonly routes: readonly Route[];
  /** What runs before every call, also before those that Express finds. */
  readonly before: readonly RequestHandler[];
  /** What runs after an error, in order; the last one responds. */
  readonly onError: readonly ErrorRequestHandler[];
}

const direct = /^\/v4\/([^/?]+)\/(\w+)$/;

/**
 * Runs the calls that every sync makes, in the form in which solutions send them. The same handlers run as if Express had
 * found them; but Express tries the path of each route before, one router after another, which costs more than most of
 * these calls. Any other call, and any other form of these, is left to Express (docs/decisions/088).
 */
export function createDirectRoutes({ routes, before, onError }: DirectRoutes): RequestHandler {
  const found = new Map(
    routes.map(({ method, path, handlers }) => [
      `${method.toUpperCase()} ${verbOf(path)}`,
      [...before, ...handlers],
    ]),
  );
  return (request, response, next) => {
    const [, channel = '', verb = ''] = direct.exec(request.url) ?? [];
    const handlers = found.get(`${request.method} ${verb}`);
    if (handlers === undefined || !isChannel(channel)) {
      next();
      return;
    }
    request.params = { channel };
    run(handlers, onError, request, response);
  };
}

/** `/v4/{channel}/datas` → `datas`. */
const verbOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** As Express runs the handlers of a route: an error, thrown or handed on, goes to the handlers of errors. */
function run(
  handlers: readonly RequestHandler[],
  onError: readonly ErrorRequestHandler[],
  request: Request,
  response: Response,
): void {
  let at = 0;
  let errorsAt = 0;
  next();

  function next(error?: unknown): void {
    if (error !== undefined && error !== null) {
      fail(error);
      return;
    }
    const handler = handlers[at++];
    if (handler === undefined) throw new Error('the last handler of a route has to respond');
    attempt(() => handler(request, response, next));
  }

  function fail(error: unknown): void {
    const handler = onError[errorsAt++];
    if (handler === undefined) throw new Error('the last handler of errors has to respond');
    attempt(() => handler(error, request, response, fail));
  }

  function attempt(work: () => unknown): void {
    try {
      const done = work();
      if (done instanceof Promise) done.catch(fail);
    } catch (error) {
      fail(error);
    }
  }
}
