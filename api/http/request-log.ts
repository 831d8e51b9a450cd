import type { RequestHandler } from 'express';
import type { Logger } from '../../shared/log';
import { addressOf } from './address';
import { loggedPath } from './logged-path';

/** One line a request: what was asked, by whom and from where, what came of it, how long it took. */
export function createRequestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const path = loggedPath(request);
    const startedAt = process.hrtime.bigint();
    response.once('close', () => {
      log.info(
        {
          requestId: response.getHeader('X-Request-Id'),
          method: request.method,
          path,
          status: response.writableFinished ? response.statusCode : 'aborted',
          milliseconds: Number(process.hrtime.bigint() - startedAt) / 1e6,
          address: addressOf(request),
          user: userOf(response.locals),
          solutionId: solutionOf(response.locals),
          syncId: response.getHeader('Epack-Sync'),
        },
        'request',
      );
    });
    next();
  };
}

/** E-mail of the member of staff who calls; undefined: nobody who has signed in. */
export const userOf = (locals: Record<string, unknown>): string | undefined =>
  typeof locals['user'] === 'string' ? locals['user'] : undefined;

const solutionOf = (locals: Record<string, unknown>) => locals['solutionId'];
