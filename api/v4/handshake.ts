import type { RequestHandler } from 'express';
import { z } from 'zod';
import { callerKey } from '../http/caller';
import { json, type Operation } from '../http/operation';
import type { HandshakeService } from '../services/handshake';
import { channelParameter } from './parameters';

const inHandshake = {
  method: 'get',
  tag: 'Protocol',
  access: 'solution',
  params: { channel: channelParameter },
  problems: { 403: ['wrong-status'] },
} as const;

export const lastIdLogsOperation: Operation = {
  ...inHandshake,
  path: '/v4/{channel}/lastIdLogs',
  id: 'lastIdLogs',
  summary: 'Returns the highest known Id of each log table of the channel',
  description: 'Needs status 0.',
  answers: {
    200: json(
      'By table, a text; `-1`: none.',
      z.record(z.string(), z.string()).meta({ examples: [{ Tbfridge: '8379', Tbcooking: '-1' }] }),
    ),
  },
};

export const listSyncParamsOperation: Operation = {
  ...inHandshake,
  path: '/v4/{channel}/listSyncParams',
  id: 'listSyncParams',
  summary: 'Returns the names of the parameter files that the solution must send next',
  description: 'Needs status 0.',
  answers: {
    200: json('File names.', z.array(z.string()).meta({ examples: [['Actions.xml', 'Fridges.xml']] })),
  },
};

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
