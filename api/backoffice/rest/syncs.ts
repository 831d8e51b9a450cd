import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { mapPage } from '../../../shared/domain/page';
import { syncStates } from '../../../shared/domain/sync-state';
import { totalsOf } from '../../../shared/domain/report-totals';
import type { SyncDetail, SyncSummary } from '../../../shared/stores/sync-timeline-store';
import { decode } from '../../http/decode';
import { sendFile } from '../../http/send-file';
import type { SyncFile, SyncService, SyncTimeline } from '../services/syncs';
import { callerOf } from './authentication';
import { pageOfQuery, pageQuery, pathId, pathSync } from './parameters';

/** `<when it was received, with microseconds>_<its id>`. */
export const syncCursor = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z_[0-9a-f-]{36}$/, 'is no cursor')
  .transform((text) => ({ receivedAt: text.slice(0, 27), id: text.slice(28) }));
const query = pageQuery(syncCursor).extend({
  channel: z.enum(channels).optional(),
  state: z.enum(syncStates).optional(),
});

export function createSyncRoutes(syncs: SyncService): Router {
  const router = Router();

  router.get('/solutions/:id/syncs', async (request, response) => {
    const solutionId = pathId(request, 'solution');
    const { channel = null, state = null, ...paging } = decode(query, request.query);
    const page = await syncs.list(callerOf(request), solutionId, { channel, state }, pageOfQuery(paging));
    response.json(mapPage(page, summaryJson));
  });

  router.get('/syncs/:sync', async (request, response) => {
    response.json(timelineJson(await syncs.get(callerOf(request), pathSync(request))));
  });

  router.get('/syncs/:sync/package', async (request, response) => {
    await send(request, response, await syncs.upload(callerOf(request), pathSync(request)));
  });

  router.get('/syncs/:sync/instructions', async (request, response) => {
    await send(request, response, await syncs.instructions(callerOf(request), pathSync(request)));
  });

  router.post('/syncs/:sync/replay', async (request, response) => {
    const { syncId } = await syncs.replay(callerOf(request), pathSync(request));
    response.status(202).json({ sync: syncId, statut: '1' });
  });

  return router;
}

async function send(request: Request, response: Response, file: SyncFile): Promise<void> {
  response.setHeader('Content-Disposition', `attachment; filename="${file.name}"`);
  await sendFile(request, response, { ...file, contentType: 'application/zip' });
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
  timeline: steps,
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
