import { Router } from 'express';
import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { decode } from '../../http/decode';
import type { FlagService, Selection } from '../services/flags';
import { callerOf } from './authentication';
import { idOf, pathChannel, pathFlag, pathId } from './parameters';
import { filterOf, solutionFilter } from './solutions';

const ids = z.array(idOf).min(1).max(100_000);
// Strict: a misspelt member would otherwise select more than was meant.
const filter = solutionFilter.strict();
const many = z.union([
  z.strictObject({ channel: z.enum(channels), solutions: z.union([ids, filter]) }),
  z.strictObject({ channel: z.enum(channels), filter }),
]);

export function createFlagRoutes(flags: FlagService): Router {
  const router = Router();
  const oneFlag = '/solutions/:id/channels/:channel/flags/:flag';

  router.put(oneFlag, async (request, response) => {
    const key = { solutionId: pathId(request, 'solution'), channel: pathChannel(request) };
    await flags.set(callerOf(request), key, pathFlag(request));
    response.status(204).end();
  });

  router.delete(oneFlag, async (request, response) => {
    const key = { solutionId: pathId(request, 'solution'), channel: pathChannel(request) };
    await flags.clear(callerOf(request), key, pathFlag(request));
    response.status(204).end();
  });

  router.put('/flags/:flag', async (request, response) => {
    const flag = pathFlag(request);
    const body = decode(many, request.body ?? {});
    await flags.setMany(callerOf(request), selectionOf(body), body.channel, flag);
    response.status(204).end();
  });

  return router;
}

function selectionOf(body: z.output<typeof many>): Selection {
  const selected = 'filter' in body ? body.filter : body.solutions;
  return Array.isArray(selected) ? { ids: selected } : { filter: filterOf(selected) };
}
