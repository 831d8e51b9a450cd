import type { RequestHandler } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Lets a caller that sent `Expect: 100-continue` begin with its body. Source: RFC 9110, 10.1.1. */
export function continueIfExpected(request: IncomingMessage, response: ServerResponse): void {
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
}

/** For routes that have nothing to refuse before they have read the body. */
export const takeBody: RequestHandler = (request, response, next) => {
  continueIfExpected(request, response);
  next();
};
