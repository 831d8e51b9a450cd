import type { RequestHandler } from 'express';
import { z } from 'zod';
import { syncStates } from '../../shared/domain/sync-state';
import { callerKey } from '../http/caller';
import { instant, json, type Operation } from '../http/operation';
import { syncReport } from '../http/report-shape';
import type { DeliveryService } from '../services/delivery';
import type { StatutBoard } from '../services/statut-board';
import { channelParameter, syncHeader, syncId } from './parameters';

const currentSync = z
  .object({
    sync: syncId,
    statut: z.enum(['0', '1', '2']),
    state: z.enum(syncStates),
    receivedAt: instant,
    processedAt: instant.nullable(),
    confirmedAt: instant.nullable(),
    attempts: z
      .number()
      .int()
      .meta({ examples: [1] }),
    report: syncReport.nullable(),
  })
  .meta({ id: 'CurrentSync' });

export const syncOperation: Operation = {
  method: 'get',
  path: '/v4/{channel}/sync',
  id: 'currentSync',
  tag: 'Protocol',
  summary: 'Returns the sync in progress, or else the last one',
  access: 'solution',
  params: { channel: channelParameter },
  answers: { 200: json('The sync, with its report.', currentSync, syncHeader) },
  problems: { 404: ['no-sync'] },
};

/** GET /v4/{channel}/sync → the sync in progress, or else the last one. */
export function getSync(service: DeliveryService, board: Pick<StatutBoard, 'read'>): RequestHandler {
  return async (request, response) => {
    const key = callerKey(request, response);
    const sync = await service.currentSync(key);
    const { statut } = await board.read(key);
    response.setHeader('Epack-Sync', sync.id);
    response.json({
      sync: sync.id,
      statut: String(statut),
      state: sync.state,
      receivedAt: sync.receivedAt,
      processedAt: sync.processedAt,
      confirmedAt: sync.confirmedAt,
      attempts: sync.attempts,
      report: sync.report,
    });
  };
}
