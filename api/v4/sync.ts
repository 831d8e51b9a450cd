import type { RequestHandler } from 'express';
import { callerKey } from '../http/caller';
import type { DeliveryService } from '../services/delivery';
import type { StatutBoard } from '../services/statut-board';

/** GET /v4/{channel}/sync → the sync under way, or else the last one. */
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
