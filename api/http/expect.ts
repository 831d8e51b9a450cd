import type { RequestHandler } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Tells a caller that sent `Expect: 100-continue` to send its body. Source: RFC 9110, 10.1.1. */
export function continueIfExpected(request: IncomingMessage, response: ServerResponse): void {
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
}

/** For routes that have nothing to refuse before they have read the body. */
export const takeBody: RequestHandler = (request, response, next) => {
  continueIfExpected(request, response);
  next();
};

/**
 * For small bodies of unknown callers. A body that takes longer is cancelled, because it only occupies a connection.
 */
export function takeBodyWithin(milliseconds: number): RequestHandler {
  const needBody = needBodyWithin(milliseconds);
  return (request, response, next) => {
    needBody(request, response, () => takeBody(request, response, next));
  };
}

/** As `takeBodyWithin`, for callers that have already been told to continue. */
export function needBodyWithin(milliseconds: number): RequestHandler {
  return (request, _response, next) => {
    const overdue = setTimeout(() => request.destroy(), milliseconds);
    request.once('end', () => clearTimeout(overdue)).once('close', () => clearTimeout(overdue));
    next();
  };
}
