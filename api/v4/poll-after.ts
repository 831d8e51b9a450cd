import type { ErrorRequestHandler } from 'express';
import type { ServerResponse } from 'node:http';
import { problemOf } from '../http/problem';
import type { PollAdvice } from '../services/poll-advice';

/** Adds to each refusal that passes by itself when the solution should call again. The error handler writes the rest. */
export function addPollAfter(advice: Pick<PollAdvice, 'secondsAfterRefusal'>): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    setPollAfter(advice, error, response);
    next(error);
  };
}

/** The same for responses that are written without Express. */
export function setPollAfter(
  advice: Pick<PollAdvice, 'secondsAfterRefusal'>,
  error: unknown,
  response: ServerResponse,
): void {
  const { status, headers } = problemOf(error);
  const retryAfter = headers['Retry-After'];
  if (status !== 503 || retryAfter === undefined || response.headersSent) return;
  response.setHeader('Epack-Poll-After', String(advice.secondsAfterRefusal(Number(retryAfter))));
}
