import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { isChannel } from '../../shared/domain/channel';
import type { SolutionAccess } from '../../shared/stores/solution-store';
import { badRequest, unknownChannel } from '../../shared/errors/catalog';
import type { Logger } from '../../shared/log';
import type { PollAdvice } from '../services/poll-advice';
import type { BoardStatus, StatutBoard } from '../services/statut-board';
import type { Traffic } from '../services/traffic';
import { requestIdOf } from '../http/request-id';
import { json, type Operation } from '../http/operation';
import { logFailure, sendProblem } from '../http/problem';
import { channelParameter, syncHeader } from './parameters';

interface Deps {
  readonly board: StatutBoard;
  readonly advice: PollAdvice;
  readonly traffic: Pick<Traffic, 'polls' | 'waitingPolls'>;
  readonly log: Pick<Logger, 'error'>;
}

/** Beside the route, which knows nothing of schemas: it is the hot path. */
export const statutOperation: Operation = {
  method: 'get',
  path: '/v4/{channel}/statut',
  id: 'statut',
  tag: 'Protocol',
  summary: 'Tells the status of the channel',
  description: '0: nothing under way. 1: a package has been received. 2: an instruction package is ready.',
  access: 'solution',
  params: { channel: channelParameter },
  query: z.object({
    wait: z.coerce.number().int().min(1).max(60).optional().meta({
      description: 'Seconds. Answers as soon as the status is other than `not`, or then.',
    }),
    not: z.enum(['0', '1', '2']).optional().meta({ description: 'Absent: the status of now.' }),
  }),
  answers: {
    200: json('A JSON string.', z.enum(['0', '1', '2']), {
      ...syncHeader,
      'Epack-Poll-After': 'When the next poll is worth making, in seconds.',
    }),
  },
};

const path = /^\/v4\/([^/?]+)\/statut(?:\?(.*))?$/;

/**
 * GET /v4/{channel}/statut → `"0"`, `"1"` or `"2"`, answered ahead of Express: it is by far the most frequent
 * call, and an Express route costs many times as much (docs/decisions/004).
 * Answers false where the request is for someone else.
 */
export function createStatutRoute({ board, advice, traffic, log }: Deps) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== 'GET') return false;
    const matched = path.exec(request.url ?? '');
    if (matched === null) return false;
    const [, channel = '', query = ''] = matched;
    const caller = board.findCaller(request.headers.authorization ?? '');
    const status =
      caller !== null && query === '' && isChannel(channel) ? board.find(caller.id, channel) : null;
    if (status !== null) send(request, response, status);
    else void answer(request, response, channel, query);
    return true;
  };

  /** Whatever memory alone does not answer. */
  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    channel: string,
    query: string,
  ): Promise<void> {
    try {
      if (!isChannel(channel)) throw unknownChannel(channel);
      const { authorization } = request.headers;
      const caller: SolutionAccess =
        board.findCaller(authorization ?? '') ?? (await board.authenticate(authorization));
      const key = { solutionId: caller.id, channel };
      const wait = waitOf(new URLSearchParams(query));
      const status = await board.read(key);
      if (wait === null || (wait.not !== null && wait.not !== status.statut)) {
        send(request, response, status);
        return;
      }
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      traffic.waitingPolls += 1;
      const other = board.waitForOther(key, status.statut, wait.seconds * 1000, gone.signal);
      send(request, response, await other.finally(() => (traffic.waitingPolls -= 1)));
    } catch (error) {
      response.setHeader('X-Request-Id', requestIdOf(request.headers['x-request-id']));
      logFailure(log, error, 'GET', `/v4/${channel}/statut`, response);
      sendProblem(response, error);
    }
  }

  function send(request: IncomingMessage, response: ServerResponse, status: BoardStatus): void {
    traffic.polls += 1;
    const headers: Record<string, string> = {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': '3',
      'Cache-Control': 'no-store',
      'X-Request-Id': requestIdOf(request.headers['x-request-id']),
      'Epack-Poll-After': String(advice.secondsFor(status.statut)),
    };
    if (status.syncId !== null) headers['Epack-Sync'] = status.syncId;
    response.writeHead(200, headers).end(`"${status.statut}"`);
  }
}

/** `?wait=S&not=N`; null: answer at once. Without `not`: until it is other than it is now. */
function waitOf(query: URLSearchParams): { seconds: number; not: number | null } | null {
  const wait = query.get('wait');
  const not = query.get('not');
  if (not !== null && !/^[012]$/.test(not)) throw badRequest('"not" must be 0, 1 or 2.');
  if (wait === null) return null;
  if (!/^([1-9]|[1-5]\d|60)$/.test(wait))
    throw badRequest('"wait" must be a whole number of seconds from 1 to 60.');
  return { seconds: Number(wait), not: not === null ? null : Number(not) };
}
