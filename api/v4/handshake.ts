import type { RequestHandler } from 'express';
import { callerKey } from '../http/caller';
import type { HandshakeService } from '../services/handshake';

/** GET /v4/{channel}/lastIdLogs → `{"Tbfridge": "8379", …}`. */
export function getLastIdLogs(service: HandshakeService): RequestHandler {
  return async (request, response) => {
    response.json(await service.highestLogIds(callerKey(request, response)));
  };
}

/** GET /v4/{channel}/listSyncParams → `["Actions.xml", …]`. */
export function getListSyncParams(service: HandshakeService): RequestHandler {
  return async (request, response) => {
    response.json(await service.wantedParameterFiles(callerKey(request, response)));
  };
}
