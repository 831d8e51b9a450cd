import type { Request, RequestHandler, Response } from 'express';
import { type ChannelKey, isChannel } from '../../shared/domain/channel';
import { unknownChannel } from '../../shared/errors/catalog';
import type { StatutBoard } from '../services/statut-board';

/**
 * Finds out which solution calls, and on which channel, before any route runs. Throws `unknown-channel`,
 * `unauthorized`, `blocked`, `locked`.
 */
export function createCallerCheck(board: Pick<StatutBoard, 'findCaller' | 'authenticate'>): RequestHandler {
  return async (request, response, next) => {
    checkChannel(request);
    const authorization = request.headers.authorization;
    const caller = board.findCaller(authorization ?? '') ?? (await board.authenticate(authorization));
    response.locals['solutionId'] = caller.id;
    response.locals['confirmation'] = caller.confirmation;
    response.locals['tokenGeneration'] = caller.tokenGeneration;
    next();
  };
}

/** For calls that anyone may make. Throws `unknown-channel`. */
export const refuseUnknownChannel: RequestHandler = (request, _response, next) => {
  checkChannel(request);
  next();
};

export function checkChannel(request: Request): void {
  channelOf(request);
}

/** Whose channel the call is about: from the token and the path, never from a body. */
export function callerKey(request: Request, response: Response): ChannelKey {
  const solutionId: unknown = response.locals['solutionId'];
  if (typeof solutionId !== 'number') throw new Error('a route runs before its caller is known');
  return { solutionId, channel: channelOf(request) };
}

/** The generation of the caller's token. */
export function callerTokenGeneration(response: Response): number {
  const generation: unknown = response.locals['tokenGeneration'];
  if (typeof generation !== 'number') throw new Error('a route runs before its caller is known');
  return generation;
}

/** True for older solutions, which never confirm: their package counts as confirmed once it has been sent. */
export function confirmsOnDownload(response: Response): boolean {
  return response.locals['confirmation'] === 'on-download';
}

function channelOf(request: Request) {
  const name = String(request.params['channel']);
  if (!isChannel(name)) throw unknownChannel(name);
  return name;
}
