import type { ErrorRequestHandler } from 'express';
import { UploadAborted } from '../../shared/errors/upload-aborted';
import { codeOf } from '../http/problem';
import type { Traffic } from '../services/traffic';

/** Counts refused uploads, whatever refuses them, and leaves the response to the error handler. */
export function countRefusals(traffic: Pick<Traffic, 'uploadRefused'>): ErrorRequestHandler {
  return (error: unknown, request, _response, next) => {
    if (isUpload(request.method, request.path))
      traffic.uploadRefused(error instanceof UploadAborted ? 'aborted' : codeOf(error));
    next(error);
  };
}

const isUpload = (method: string, path: string) =>
  (method === 'POST' && /^\/v4\/[^/]+\/(datas|uploads)\/?$/.test(path)) ||
  (method === 'PATCH' && /^\/v4\/[^/]+\/uploads\//.test(path));
