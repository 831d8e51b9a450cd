import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { ServerResponse } from 'node:http';
import { AppError, type ErrorKind } from '../../shared/errors/app-error';
import {
  badRequest,
  bodyTooLarge,
  databaseBusy,
  unavailable,
  unknownRoute,
} from '../../shared/errors/catalog';
import { isDatabaseAway, isDatabaseBusy } from '../../shared/db/database-away';
import { isFileStoreAway } from '../../shared/files/file-store-away';
import type { Logger } from '../../shared/log';
import { loggedPath } from './logged-path';

/** The one place where a kind of error becomes an HTTP number. */
const statusOf: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  absent: 404,
  'wrong-method': 405,
  unacceptable: 406,
  overdue: 408,
  conflict: 409,
  stale: 412,
  'too-large': 413,
  unsupported: 415,
  'out-of-range': 416,
  unmet: 417,
  unprocessable: 422,
  'too-many': 429,
  'head-too-large': 431,
  unavailable: 503,
  unanswered: 504,
};

export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The problem document (RFC 9457) of an error. An unforeseen error becomes a 500 without its cause. */
export function problemOf(error: unknown): Problem {
  const foreseen = foreseenOf(error);
  if (foreseen === null) {
    return problem(500, { code: 'internal', detail: 'Something went wrong on the server.', members: {} }, {});
  }
  const status = statusOf[foreseen.kind];
  return problem(status, foreseen, {
    ...(foreseen.kind === 'unauthenticated' ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(foreseen.retryAfterSeconds === undefined
      ? {}
      : { 'Retry-After': String(foreseen.retryAfterSeconds) }),
    ...(foreseen.allowedMethods === undefined ? {} : { Allow: foreseen.allowedMethods.join(', ') }),
  });
}

/** The error code in the response. */
export const codeOf = (error: unknown): string => foreseenOf(error)?.code ?? 'internal';

/** For responses that are written without Express. */
export function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, headers, body } = problemOf(error);
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

export const unknownRouteHandler: RequestHandler = () => {
  throw unknownRoute();
};

/** The error handler of the API: the only place where an error becomes an answer. */
export function createProblemHandler(log: Logger): ErrorRequestHandler {
  // Express recognises an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    logFailure(log, error, { method: request.method, path: loggedPath(request) }, response);
    sendProblem(response, error);
  };
}

/** Logs unforeseen errors for operators. */
export function logFailure(
  log: Pick<Logger, 'error'>,
  error: unknown,
  { method, path }: { readonly method: string; readonly path: string },
  response: ServerResponse,
): void {
  // A caller that disconnects is not our fault, and reads no response. A disk does not recover by itself.
  if ((foreseenOf(error) !== null || wasAborted(response)) && !isFileStoreAway(error)) return;
  const requestId = response.getHeader('X-Request-Id');
  log.error({ err: error, requestId, method, path }, 'request failed');
}

const wasAborted = (response: ServerResponse): boolean => response.destroyed && !response.writableFinished;

function foreseenOf(error: unknown): AppError | null {
  if (error instanceof AppError) return error;
  if (isDatabaseBusy(error)) return databaseBusy();
  if (isDatabaseAway(error)) return unavailable('database');
  if (isFileStoreAway(error)) return unavailable('file store');
  if (isClientMistake(error)) return error.status === 413 ? bodyTooLarge() : badRequest(error.message);
  return null;
}

/** Errors that Express and its body parsers make for a request that cannot be read. */
function isClientMistake(error: unknown): error is Error & { status: number } {
  return (
    error instanceof Error &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500
  );
}

function problem(
  status: number,
  { code, detail, members }: Pick<AppError, 'code' | 'detail' | 'members'>,
  headers: Record<string, string>,
): Problem {
  const document = {
    type: `urn:epack:problem:${code}`,
    title: titleOf(code),
    status,
    detail,
    code,
    ...members,
  };
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify(document),
  };
}

/** `wrong-status` → `Wrong status`. */
function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
