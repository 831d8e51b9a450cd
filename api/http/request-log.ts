import type { RequestHandler } from 'express';
import type { Logger } from '../../shared/log';

/** One line a request: what was asked, by whom, what came of it, how long it took. */
export function createRequestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const path = request.baseUrl + request.path;
    const startedAt = process.hrtime.bigint();
    response.once('close', () => {
      log.info(
        {
          requestId: response.getHeader('X-Request-Id'),
          method: request.method,
          path,
          status: response.writableFinished ? response.statusCode : 'aborted',
          milliseconds: Number(process.hrtime.bigint() - startedAt) / 1e6,
          solutionId: solutionOf(response.locals),
          syncId: response.getHeader('Epack-Sync'),
        },
        'request',
      );
    });
    next();
  };
}

const solutionOf = (locals: Record<string, unknown>) => locals['solutionId'];
