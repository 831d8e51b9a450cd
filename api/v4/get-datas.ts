import type { RequestHandler } from 'express';
import { callerKey, confirmsOnDownload } from '../http/caller';
import { sendFile } from '../http/send-file';
import type { DeliveryService } from '../services/delivery';

/** GET /v4/{channel}/datas → the instruction package, always the same bytes for the same sync. */
export function getDatas(service: DeliveryService): RequestHandler {
  return async (request, response) => {
    const key = callerKey(request, response);
    const delivery = await service.open(key);
    response.setHeader('Epack-Sync', delivery.syncId);
    response.setHeader('Content-Disposition', 'attachment; filename="sync_instructions.zip"');
    response.setHeader('Cache-Control', 'no-cache');
    const isComplete = await sendFile(request, response, { ...delivery, contentType: 'application/zip' });
    if (!isComplete) return;
    await service.markDownloaded(delivery.syncId);
    if (confirmsOnDownload(response)) await service.confirm(key, delivery.syncId, []);
  };
}
