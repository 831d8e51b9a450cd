import type { RequestHandler } from 'express';
import { callerKey, confirmsOnDownload } from '../http/caller';
import { file, noContent, type Operation } from '../http/operation';
import { fileHeaders, sendFile } from '../http/send-file';
import type { DeliveryService } from '../services/delivery';
import { channelParameter, syncHeader } from './parameters';

export const getDatasOperation: Operation = {
  method: 'get',
  path: '/v4/{channel}/datas',
  id: 'getDatas',
  tag: 'Protocol',
  summary: 'Returns the instruction package',
  description:
    "Needs status 2. It may be fetched any number of times: the bytes are always the same for the same sync. If the solution's `confirmation` is `on-download`, the status becomes 0 when the last byte has been sent.",
  access: 'solution',
  params: { channel: channelParameter },
  answers: {
    200: file('The whole package.', ['application/zip'], {
      ...fileHeaders,
      ...syncHeader,
      'Content-Disposition': '`attachment; filename="sync_instructions.zip"`',
    }),
    206: file('One range of the package.', ['application/zip'], { ...fileHeaders, ...syncHeader }),
    304: noContent('The package equals that of `If-None-Match`.'),
  },
  problems: { 403: ['wrong-status'], 416: ['range-not-satisfiable'] },
};

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
    service.downloaded(key, delivery.syncId);
    if (confirmsOnDownload(response)) await service.confirm(key, delivery.syncId, []);
  };
}
