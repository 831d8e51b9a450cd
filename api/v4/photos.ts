import type { RequestHandler } from 'express';
import { z } from 'zod';
import { unknownPhoto } from '../../shared/errors/catalog';
import { callerKey } from '../http/caller';
import { file, noContent, type Operation, pathParameter } from '../http/operation';
import { fileHeaders, sendFile } from '../http/send-file';
import type { PhotoService } from '../services/photos';

export const photoOperation: Operation = {
  method: 'get',
  path: '/v4/{channel}/files/{name}',
  id: 'getOwnPhoto',
  tag: 'Protocol',
  summary: 'Returns a photo that the solution uploaded',
  access: 'solution',
  params: {
    channel: pathParameter(z.literal('photos'), unknownPhoto),
    name: pathParameter(z.string().meta({ examples: ['20261120-073100.jpg'] }), unknownPhoto),
  },
  answers: {
    200: file('The photo.', ['image/jpeg'], fileHeaders),
    206: file('One range of the photo.', ['image/jpeg'], fileHeaders),
    304: noContent('The photo equals that of `If-None-Match`.'),
  },
  problems: { 404: ['unknown-channel'], 416: ['range-not-satisfiable'] },
};

/** GET /v4/photos/files/{name} → image/jpeg. */
export function getPhoto(service: PhotoService): RequestHandler {
  return async (request, response) => {
    const { solutionId, channel } = callerKey(request, response);
    if (channel !== 'photos') throw unknownPhoto();
    const photo = await service.open(solutionId, String(request.params['name']));
    // The file came from a device. Browsers must only ever treat it as a picture.
    response.setHeader('X-Content-Type-Options', 'nosniff');
    // Photos may show people or papers, so they must not be cached on the way.
    response.setHeader('Cache-Control', 'no-store');
    await sendFile(request, response, { ...photo, contentType: 'image/jpeg' });
  };
}
