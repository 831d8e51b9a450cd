import type { Request, Response } from 'express';
import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { mapPage } from '../../../shared/domain/page';
import { totalsOf } from '../../../shared/domain/report-totals';
import { syncStates } from '../../../shared/domain/sync-state';
import type { SyncDetail, SyncSummary } from '../../../shared/stores/syncs/sync-timeline-store';
import { file, instant, json, noContent, pageOf } from '../../http/operation';
import { syncReport } from '../../http/report-shape';
import { reply, type Route, sent } from '../../http/route';
import { fileHeaders, sendFile } from '../../http/send-file';
import type { SyncFile, SyncService, SyncTimeline } from '../services/syncs';
import {
  idParameter,
  pageOfQuery,
  pageQuery,
  solutionKey,
  syncCursor,
  syncKey,
  syncParameter,
} from '../http/request-fields';
import { staffRoute } from './staff-route';

const query = pageQuery(syncCursor).extend({
  channel: z.enum(channels).optional(),
  state: z.enum(syncStates).optional(),
});

/** The response of a replay. */
export const startedSync = z
  .object({ sync: syncKey.meta({ description: 'The new sync.' }), statut: z.literal('1') })
  .meta({ id: 'StartedSync' });

/** The archive goes through the intake once more, which may find in it what it refuses by now. */
export const replayProblems = {
  403: ['wrong-status'],
  409: ['not-replayable'],
  413: ['too-large'],
  415: ['not-a-zip'],
  422: ['bad-archive'],
};

const bytes = z
  .number()
  .int()
  .nullable()
  .meta({ examples: [20_480] });
const parts = z.object({
  sync: syncKey,
  solution: solutionKey,
  channel: z.enum(channels),
  state: z.enum(syncStates),
  attempts: z
    .number()
    .int()
    .meta({ examples: [1] }),
  receivedAt: instant,
  queuedAt: instant.nullable(),
  processingAt: instant.nullable(),
  processedAt: instant.nullable(),
  downloadedAt: instant.nullable(),
  confirmedAt: instant.nullable(),
  packageBytes: bytes.meta({ description: 'The size of the upload.' }),
  instructionsBytes: bytes.meta({ description: 'The size of the instruction package.' }),
});
const count = z
  .number()
  .int()
  .meta({ examples: [0] });
const summary = parts
  .extend({
    outcome: z
      .enum(['processed', 'failed'])
      .nullable()
      .meta({ description: 'Null: the sync is not processed yet.' }),
    counts: z
      .object({
        inserted: count,
        updated: count,
        deleted: count,
        unchanged: count,
        duplicates: count,
        conflicts: count,
        held: count,
        rejected: count,
      })
      .nullable()
      .meta({
        description: 'The sums over parameters, logs and photos. Null: the sync is not processed yet.',
      }),
  })
  .meta({ id: 'SyncSummary' });
const timeline = parts
  .extend({
    solutionName: z.string().meta({ examples: ['Le Petit Zinc'] }),
    hasPackage: z.boolean().meta({ description: 'True: the upload is still kept.', examples: [true] }),
    hasInstructions: z
      .boolean()
      .meta({ description: 'True: the instruction package is still kept.', examples: [true] }),
    timeline: z
      .array(
        z.object({
          at: instant,
          step: z.string().meta({
            description:
              'received, queued, processing, processed, downloaded, confirmed, files-removed, or an event.',
            examples: ['received'],
          }),
          detail: z.string().nullable(),
        }),
      )
      .readonly(),
    report: syncReport.nullable().meta({ description: 'Null: the sync is not processed yet.' }),
  })
  .meta({ id: 'SyncTimeline' });

const zipAnswers = {
  200: file('The whole file.', ['application/zip'], {
    ...fileHeaders,
    'Content-Disposition': 'A name for it.',
  }),
  206: file('One range of the file.', ['application/zip'], fileHeaders),
  304: noContent('The file equals that of `If-None-Match`.'),
};
const ofOneSync = { tag: 'Syncs', params: { sync: syncParameter } } as const;

export const createSyncRoutes = (syncs: SyncService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/syncs',
    id: 'listSyncs',
    tag: 'Syncs',
    summary: "Lists a solution's syncs, the newest first",
    access: 'viewer',
    params: { id: idParameter('solution') },
    query,
    answers: { 200: json('A page of syncs.', pageOf(summary)) },
    async handle({ caller, params, query: { channel = null, state = null, ...paging } }) {
      const page = await syncs.list(caller, params.id, { channel, state }, pageOfQuery(paging));
      return reply(200, mapPage(page, summaryJson));
    },
  }),
  staffRoute({
    ...ofOneSync,
    method: 'get',
    path: '/api/syncs/{sync}',
    id: 'getSync',
    summary: 'Returns everything about a sync: every step with its time, and its report',
    access: 'viewer',
    answers: { 200: json('The sync.', timeline) },
    async handle({ caller, params }) {
      return reply(200, timelineJson(await syncs.get(caller, params.sync)));
    },
  }),
  staffRoute({
    ...ofOneSync,
    method: 'get',
    path: '/api/syncs/{sync}/package',
    id: 'getSyncPackage',
    summary: 'Returns the upload, as the solution sent it',
    access: 'viewer',
    answers: zipAnswers,
    problems: { 416: ['range-not-satisfiable'] },
    async handle({ request, response, caller, params }) {
      return sendZip(request, response, await syncs.upload(caller, params.sync));
    },
  }),
  staffRoute({
    ...ofOneSync,
    method: 'get',
    path: '/api/syncs/{sync}/instructions',
    id: 'getSyncInstructions',
    summary: 'Returns the instruction package, as the solution gets it',
    access: 'viewer',
    answers: zipAnswers,
    problems: { 416: ['range-not-satisfiable'] },
    async handle({ request, response, caller, params }) {
      return sendZip(request, response, await syncs.instructions(caller, params.sync));
    },
  }),
  staffRoute({
    ...ofOneSync,
    method: 'post',
    path: '/api/syncs/{sync}/replay',
    id: 'replaySync',
    summary: 'Processes a kept upload again',
    description: 'This needs the channel at 0 and starts a new sync.',
    access: 'manager',
    answers: { 202: json('The sync that processes it.', startedSync) },
    problems: replayProblems,
    async handle({ caller, params }) {
      const { syncId } = await syncs.replay(caller, params.sync);
      return reply(202, { sync: syncId, statut: '1' as const });
    },
  }),
];

async function sendZip(request: Request, response: Response, zip: SyncFile): Promise<typeof sent> {
  response.setHeader('Content-Disposition', `attachment; filename="${zip.name}"`);
  await sendFile(request, response, { ...zip, contentType: 'application/zip' });
  return sent;
}

const summaryJson = (sync: SyncSummary) => ({
  ...partsOf(sync),
  outcome: sync.report?.outcome ?? null,
  counts: sync.report === null ? null : totalsOf(sync.report),
});

const timelineJson = ({ sync, steps }: SyncTimeline) => ({
  ...partsOf(sync),
  solutionName: sync.solutionName,
  hasPackage: sync.archiveKey !== null && sync.filesRemovedAt === null,
  hasInstructions: sync.packageKey !== null && sync.filesRemovedAt === null,
  timeline: steps.map(({ at, step, detail }) => ({ at, step, detail })),
  report: sync.report,
});

const partsOf = (sync: Omit<SyncDetail | SyncSummary, 'report'>) => ({
  sync: sync.id,
  solution: String(sync.solutionId),
  channel: sync.channel,
  state: sync.state,
  attempts: sync.attempts,
  receivedAt: sync.receivedAt,
  queuedAt: sync.queuedAt,
  processingAt: sync.processingAt,
  processedAt: sync.processedAt,
  downloadedAt: sync.downloadedAt,
  confirmedAt: sync.confirmedAt,
  packageBytes: sync.archiveBytes,
  instructionsBytes: sync.packageBytes,
});
