import type { Request, Response } from 'express';
import { z } from 'zod';
import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import { mapPage } from '../../../shared/domain/page';
import { badRequest, notFound } from '../../../shared/errors/catalog';
import type { ListedPhoto } from '../../../shared/stores/photos/photo-store';
import { file, instant, json, noContent, pageOf, pathParameter } from '../../http/operation';
import { reply, type Route, sent } from '../../http/route';
import { fileHeaders, sendFile } from '../../http/send-file';
import type { PhotoGalleryService, Picture } from '../services/photos';
import { bigIdOf, idParameter, pageOfQuery, pageQuery, syncKey } from '../http/request-fields';
import { staffRoute } from './staff-route';

const table = z
  .string()
  .transform((name, context): LogTable => {
    const found = findLogTable(name);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: 'is no log table' });
    return z.NEVER;
  })
  .meta({ examples: ['Tbfridge'] });
const query = pageQuery(bigIdOf).extend({
  table: table.optional().meta({ description: 'With `log`: only the photos of this log row.' }),
  log: bigIdOf.optional().meta({ examples: ['8379'] }),
});
const pixels = z
  .number()
  .int()
  .meta({ description: 'The size in pixels as displayed.', examples: [1024] });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const photo = z
  .object({
    name: z.string().meta({ examples: ['label-12.jpg'] }),
    sha256: z
      .string()
      .meta({ examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'] }),
    bytes: z
      .number()
      .int()
      .meta({ examples: [161_713] }),
    width: pixels,
    height: pixels,
    takenAt: instant
      .nullable()
      .meta({ description: 'The time that the solution gave, else that of the camera.' }),
    receivedAt: instant,
    sync: syncKey.nullable(),
    isSuperseded: z.boolean().meta({
      description: 'True: another photo with the same name has arrived since. `?sha256=` opens this one.',
      examples: [false],
    }),
    logs: z
      .array(
        z.object({
          table: z.string().meta({ examples: ['Tbfridge'] }),
          id: z.string().meta({ examples: ['8379'] }),
          isStored: z
            .boolean()
            .meta({ description: 'False: the row has not arrived yet.', examples: [true] }),
        }),
      )
      .readonly()
      .meta({ description: 'The readings that the photo belongs to.' }),
  })
  .meta({ id: 'Photo' });

const nameParameter = pathParameter(
  z.string().meta({ description: 'Case does not count.', examples: ['label-12.jpg'] }),
  () => notFound('photo'),
);

export const createPhotoRoutes = (photos: PhotoGalleryService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/photos',
    id: 'listPhotos',
    tag: 'Photos',
    summary: 'Lists the photos of a solution, or of one reading, the latest arrival first',
    access: 'viewer',
    params: { id: idParameter('solution') },
    query,
    answers: { 200: json('A page of photos.', pageOf(photo)) },
    async handle({ caller, params: { id: solutionId }, query: { table: logTable, log, ...paging } }) {
      if ((logTable === undefined) !== (log === undefined)) throw badRequest('`table` and `log` go together');
      const owner = logTable === undefined || log === undefined ? null : { table: logTable, logId: log };
      const page = await photos.list(caller, solutionId, owner, pageOfQuery(paging));
      return reply(200, mapPage(page, photoJson));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/photos/{name}',
    id: 'getPhoto',
    tag: 'Photos',
    summary: 'Returns a photo, or its thumbnail',
    description:
      'A thumbnail is upright, has at most 320 pixels, and contains only the picture. If the thumbnail is lost, the photo is returned.',
    access: 'viewer',
    params: { id: idParameter('solution'), name: nameParameter },
    query: z.object({
      sha256: sha256.optional().meta({
        description: 'Which of several photos with the name is returned. If absent, the last one.',
      }),
      thumbnail: z
        .string()
        .optional()
        .meta({ description: 'Asks for the thumbnail, whatever its value.', examples: ['1'] }),
    }),
    answers: {
      200: file('The whole picture.', ['image/jpeg'], fileHeaders),
      206: file('One range of the photo.', ['image/jpeg'], fileHeaders),
      304: noContent('The photo equals that of `If-None-Match`.'),
    },
    problems: { 416: ['range-not-satisfiable'] },
    async handle({ request, response, caller, params: { id, name }, query: { sha256: content } }) {
      // Decoded, `?thumbnail` is dropped with the empty fields of forms.
      const picture = await ('thumbnail' in request.query
        ? photos.openThumbnail(caller, id, { name, sha256: content ?? null })
        : photos.open(caller, id, { name, sha256: content ?? null }));
      return sendPicture(request, response, picture);
    },
  }),
];

async function sendPicture(request: Request, response: Response, picture: Picture): Promise<typeof sent> {
  // Hands, papers, faces: it stays on no machine on the way.
  response.setHeader('Cache-Control', 'no-store');
  await sendFile(request, response, { ...picture, contentType: 'image/jpeg' });
  return sent;
}

const photoJson = ({
  name,
  sha256,
  bytes,
  width,
  height,
  takenAt,
  receivedAt,
  syncId,
  isSuperseded,
  logs,
}: ListedPhoto) => ({
  ...{ name, sha256, bytes, width, height, takenAt, receivedAt, isSuperseded, logs },
  sync: syncId,
});
