import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { mapPage } from '../../../shared/domain/page';
import { isUnderWay, syncStates } from '../../../shared/domain/sync-state';
import { notFound } from '../../../shared/errors/catalog';
import { offlineOutcomes } from '../../../shared/formats/offline-contents';
import { receiveArchive, type ReceiveLimits } from '../../http/archive-upload';
import { type Body, file, instant, json, pageOf, pathParameter } from '../../http/operation';
import { reply, type Route, sent } from '../../http/route';
import type { OfflineFile, OfflineFileService } from '../services/offline-files';
import { pageOfQuery, pageQuery, solutionKey, syncKey } from '../http/request-fields';
import { staffRoute } from './staff-route';

const offlineFile = z
  .object({
    id: z.uuid().meta({ description: 'The number of the export.' }),
    solution: solutionKey,
    solutionName: z.string().meta({ examples: ['Le Petit Zinc'] }),
    fileName: z.string().meta({ examples: ['cuisine-2026-11-30.epack'] }),
    writtenAt: instant.meta({ description: 'By the clock of the device.' }),
    takenInAt: instant,
    takenInBy: z.string().meta({ examples: ['anna@example.org'] }),
    isReady: z.boolean().meta({ description: 'True: the response can be fetched.' }),
    channels: z.array(
      z.object({
        channel: z.enum(channels),
        outcome: z.enum(offlineOutcomes),
        sync: syncKey.nullable(),
        state: z.enum(syncStates).nullable().meta({ description: 'Of that sync, as it is now.' }),
        code: z.string().nullable(),
        detail: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'OfflineFile' });

const fileKey = z
  .uuid()
  .toLowerCase()
  .meta({ examples: ['9b2f7c1e-3d64-4a8f-b0c5-6e1d2a7f8c90'] });

const fileParameter = pathParameter(fileKey, () => notFound('offline file'));

/** The handler streams it. */
const fileBody: Body<undefined> = {
  content: {
    'application/octet-stream': { schema: null },
    'multipart/form-data': { schema: z.object({ file: z.string() }) },
  },
  isRequired: true,
  readers: [],
  decode: () => undefined,
};

const query = z.object({
  name: z
    .string()
    .max(255)
    .default('')
    .meta({ description: 'What the file is called, for people.', examples: ['cuisine-2026-11-30.epack'] }),
});

export const createOfflineFileRoutes = (offlineFiles: OfflineFileService, limits: ReceiveLimits): Route[] => [
  staffRoute({
    method: 'post',
    path: '/api/offline-files',
    id: 'takeInOfflineFile',
    tag: 'Syncs',
    summary: 'Takes in the upload of a solution without a network',
    description: 'The same file may be sent again: what was accepted stays as it was.',
    access: 'manager',
    query,
    body: fileBody,
    answers: { 200: json('What became of it.', offlineFile) },
    problems: {
      401: ['blocked', 'locked'],
      413: ['too-large'],
      415: ['not-a-zip'],
      422: ['bad-offline-file'],
      429: ['too-many-requests'],
    },
    async handle({ request, response, caller, query: { name } }) {
      let taken: OfflineFile | null = null;
      await receiveArchive(request, response, limits, async (body) => {
        taken = await offlineFiles.takeIn(caller, name, body);
      });
      return reply(200, offlineFileJson(needTaken(taken)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/offline-files',
    id: 'listOfflineFiles',
    tag: 'Syncs',
    summary: 'Lists the uploads of solutions without a network, the newest first',
    access: 'viewer',
    query: pageQuery(fileKey),
    answers: { 200: json('A page of files.', pageOf(offlineFile)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await offlineFiles.list(caller, pageOfQuery(query)), offlineFileJson));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/offline-files/{file}',
    id: 'getOfflineFile',
    tag: 'Syncs',
    summary: 'Returns what became of the upload of a solution without a network',
    access: 'viewer',
    params: { file: fileParameter },
    answers: { 200: json('The file.', offlineFile) },
    async handle({ caller, params }) {
      return reply(200, offlineFileJson(await offlineFiles.get(caller, params.file)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/offline-files/{file}/response',
    id: 'getOfflineResponse',
    tag: 'Syncs',
    summary: 'Returns the file that goes back to the solution',
    access: 'manager',
    params: { file: fileParameter },
    answers: {
      200: file('The file for the stick.', ['application/octet-stream'], {
        'Content-Disposition': 'A name for it.',
      }),
    },
    problems: { 409: ['offline-not-ready'] },
    async handle({ response, caller, params }) {
      const { fileName, content } = await offlineFiles.respond(caller, params.file);
      response.attachment(fileName).type('application/octet-stream');
      await pipeline(Readable.from(content, { objectMode: false }), response);
      return sent;
    },
  }),
];

function needTaken(taken: OfflineFile | null): OfflineFile {
  if (taken === null) throw new Error('the form was read without its file');
  return taken;
}

const offlineFileJson = (file: OfflineFile) => ({
  id: file.id,
  solution: String(file.solutionId),
  solutionName: file.solutionName,
  fileName: file.fileName,
  writtenAt: file.writtenAt,
  takenInAt: file.takenInAt,
  takenInBy: file.takenInBy,
  isReady: file.channels.every(({ state }) => state === null || !isUnderWay(state)),
  channels: file.channels.map(({ channel, outcome, syncId, state, code, detail }) => ({
    ...{ channel, outcome, sync: syncId, state, code, detail },
  })),
});
