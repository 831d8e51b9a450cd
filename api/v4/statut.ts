import type { RequestHandler } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Channel, type ChannelKey, isChannel } from '../../shared/domain/channel';
import type { SolutionAccess } from '../../shared/stores/solutions/solution-store';
import { badRequest } from '../../shared/errors/catalog';
import type { Logger } from '../../shared/log';
import type { PollAdvice } from '../services/poll-advice';
import type { BoardStatus, StatutBoard } from '../services/statut-board';
import type { Traffic } from '../services/traffic';
import { callerKey, callerTokenGeneration } from '../http/caller';
import { requestIdOf } from '../http/request-id';
import { json, type Operation } from '../http/operation';
import { logFailure, sendProblem } from '../http/problem';
import { channelParameter, syncHeader } from './parameters';
import { setPollAfter } from './poll-after';

interface Deps {
  readonly board: StatutBoard;
  readonly advice: PollAdvice;
  readonly traffic: Pick<Traffic, 'polls' | 'waitingPolls'>;
  readonly log: Pick<Logger, 'error'>;
}

/** Declared apart from the route, which uses no schemas because it is the hot path. */
export const statutOperation: Operation = {
  method: 'get',
  path: '/v4/{channel}/statut',
  id: 'statut',
  tag: 'Protocol',
  summary: 'Returns the status of the channel',
  description: '0: nothing in progress. 1: a package has been received. 2: an instruction package is ready.',
  access: 'solution',
  params: { channel: channelParameter },
  query: z.object({
    wait: z.coerce.number().int().min(1).max(60).optional().meta({
      description:
        'In seconds. The call returns as soon as the status differs from `not`, or after this time.',
    }),
    not: z
      .enum(['0', '1', '2'])
      .optional()
      .meta({ description: 'If absent, the status at the time of the call.' }),
  }),
  answers: {
    200: json('A JSON string.', z.enum(['0', '1', '2']), {
      ...syncHeader,
      'Epack-Poll-After': 'When the next poll is worth making, in seconds.',
    }),
  },
};

export interface StatutRoute {
  /** Answers the poll in the form that solutions send, before Express. False: it is another request. */
  readonly ahead: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** The same poll in another form (HEAD, escapes in the path), handled by Express. */
  readonly handler: RequestHandler;
}

/** Which channel is polled, and of which generation the token is. */
interface Poller {
  readonly key: ChannelKey;
  readonly tokenGeneration: number;
}

const path = /^\/v4\/([^/?]+)\/statut(?:\?(.*))?$/;

/**
 * GET /v4/{channel}/statut → `"0"`, `"1"` or `"2"`, answered ahead of Express: it is by far the most frequent
 * call, and an Express route costs many times as much (docs/decisions/004).
 */
export function createStatutRoute({ board, advice, traffic, log }: Deps): StatutRoute {
  return {
    ahead: (request, response) => {
      if (request.method !== 'GET') return false;
      const matched = path.exec(request.url ?? '');
      if (matched === null) return false;
      const [, channel = '', query = ''] = matched;
      // Unknown, or written with escapes.
      if (!isChannel(channel)) return false;
      const caller = board.findCaller(request.headers.authorization ?? '');
      const status = caller !== null && query === '' ? board.find(caller.id, channel) : null;
      const requestId = requestIdOf(request.headers['x-request-id']);
      if (status !== null) send(response, status, requestId);
      else void answerAlone(request, response, { channel, query, requestId });
      return true;
    },

    handler: async (request, response) => {
      const requestId = String(response.getHeader('X-Request-Id'));
      const caller = { key: callerKey(request, response), tokenGeneration: callerTokenGeneration(response) };
      await answer(response, caller, queryOf(request.url), requestId);
    },
  };

  /** Serves the polls for which memory alone is not enough. */
  async function answerAlone(
    request: IncomingMessage,
    response: ServerResponse,
    { channel, query, requestId }: { channel: Channel; query: string; requestId: string },
  ): Promise<void> {
    try {
      const { authorization } = request.headers;
      const caller: SolutionAccess =
        board.findCaller(authorization ?? '') ?? (await board.authenticate(authorization));
      const { id: solutionId, tokenGeneration } = caller;
      await answer(response, { key: { solutionId, channel }, tokenGeneration }, query, requestId);
    } catch (error) {
      response.setHeader('X-Request-Id', requestId);
      setPollAfter(advice, error, response);
      logFailure(log, error, { method: 'GET', path: `/v4/${channel}/statut` }, response);
      sendProblem(response, error);
    }
  }

  async function answer(
    response: ServerResponse,
    { key, tokenGeneration }: Poller,
    query: string,
    requestId: string,
  ): Promise<void> {
    const wait = waitOf(new URLSearchParams(query));
    const status = await board.read(key);
    if (wait === null || (wait.not !== null && wait.not !== status.statut)) {
      send(response, status, requestId);
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    traffic.waitingPolls += 1;
    const other = board.waitForOther(key, {
      not: status.statut,
      milliseconds: wait.seconds * 1000,
      tokenGeneration,
      gone: gone.signal,
    });
    send(response, await other.finally(() => (traffic.waitingPolls -= 1)), requestId);
  }

  /** Node leaves out the body of a response to HEAD. */
  function send(response: ServerResponse, status: BoardStatus, requestId: string): void {
    traffic.polls += 1;
    const headers: Record<string, string> = {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': '3',
      'Cache-Control': 'no-store',
      'X-Request-Id': requestId,
      'Epack-Poll-After': String(advice.secondsFor(status.statut)),
    };
    if (status.syncId !== null) headers['Epack-Sync'] = status.syncId;
    response.writeHead(200, headers).end(`"${status.statut}"`);
  }
}

const queryOf = (url: string) => (url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');

/** `?wait=S&not=N`; null: respond at once. Without `not`: wait until the status changes. */
function waitOf(query: URLSearchParams): { seconds: number; not: number | null } | null {
  const wait = query.get('wait');
  const not = query.get('not');
  if (not !== null && !/^[012]$/.test(not)) throw badRequest('"not" must be 0, 1 or 2.');
  if (wait === null) return null;
  if (!/^([1-9]|[1-5]\d|60)$/.test(wait))
    throw badRequest('"wait" must be a whole number of seconds from 1 to 60.');
  return { seconds: Number(wait), not: not === null ? null : Number(not) };
}
