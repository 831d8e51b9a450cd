import type { RequestHandler } from 'express';
import type { Logger } from '../../shared/log';
import { addressOf } from './address';
import { loggedPath } from './logged-path';

/** Logs one line per request: the call, the caller and the address, the result and the duration. */
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

/** E-mail address of the member of staff who calls. Undefined: the caller is not signed in. */
export const userOf = (locals: Record<string, unknown>): string | undefined =>
  typeof locals['user'] === 'string' ? locals['user'] : undefined;

const solutionOf = (locals: Record<string, unknown>) => locals['solutionId'];
