import type { Request } from 'express';

/** The path of a request, for logs and for the trail: the token of a webhook stands in no log. */
export const loggedPath = (request: Pick<Request, 'baseUrl' | 'path'>): string =>
  (request.baseUrl + request.path).replace(/^(\/+hooks\/+[^/]*\/+).+$/i, '$1…');
