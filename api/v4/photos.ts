import type { RequestHandler } from 'express';
import { unknownPhoto } from '../../shared/errors/catalog';
import { callerKey } from '../http/caller';
import { sendFile } from '../http/send-file';
import type { PhotoService } from '../services/photos';

/** GET /v4/photos/files/{name} → image/jpeg. */
export function getPhoto(service: PhotoService): RequestHandler {
  return async (request, response) => {
    const { solutionId, channel } = callerKey(request, response);
    if (channel !== 'photos') throw unknownPhoto();
    const photo = await service.open(solutionId, String(request.params['name']));
    // It came from a device: whatever it holds, it is never more than a picture.
    response.setHeader('X-Content-Type-Options', 'nosniff');
    await sendFile(request, response, { ...photo, contentType: 'image/jpeg' });
  };
}
