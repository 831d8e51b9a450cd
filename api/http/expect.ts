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

/** For small bodies of callers that nobody knows yet: one that takes longer is not sent in earnest, and holds a connection. */
export function takeBodyWithin(milliseconds: number): RequestHandler {
  const needBody = needBodyWithin(milliseconds);
  return (request, response, next) => {
    needBody(request, response, () => takeBody(request, response, next));
  };
}

/** As `takeBodyWithin`, where the caller has been told to go on already. */
export function needBodyWithin(milliseconds: number): RequestHandler {
  return (request, _response, next) => {
    const overdue = setTimeout(() => request.destroy(), milliseconds);
    request.once('end', () => clearTimeout(overdue)).once('close', () => clearTimeout(overdue));
    next();
  };
}
