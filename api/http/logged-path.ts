import type { Request } from 'express';

/** The path of a request for logs and the audit trail, without the token of a webhook. */
export const loggedPath = (request: Pick<Request, 'baseUrl' | 'path'>): string =>
  (request.baseUrl + request.path).replace(/^(\/+hooks\/+[^/]*\/+).+$/i, '$1…');
