import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { quarantineStates } from '../../../shared/domain/quarantine-state';
import type { QuarantinedItem } from '../../../shared/stores/quarantine-store';
import { decode } from '../../http/decode';
import type { QuarantineService } from '../services/quarantine';
import { callerOf } from './authentication';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from './parameters';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  sync: z.guid().optional(),
  state: z.enum([...quarantineStates, 'all']).default('open'),
});
/** `raw` is taken for `text`: that is its name in the list. */
const correction = z.strictObject({ text: z.string().nullish(), raw: z.string().nullish() });

export function createQuarantineRoutes(quarantine: QuarantineService): Router {
  const router = Router();

  router.get('/quarantine', async (request, response) => {
    const { solution, sync, state, ...paging } = decode(query, request.query);
    const filter = {
      solutionId: solution ?? null,
      syncId: sync ?? null,
      state: state === 'all' ? null : state,
    };
    const page = await quarantine.list(callerOf(request), filter, pageOfQuery(paging));
    response.json(mapPage(page, itemJson));
  });

  router.post('/quarantine/:id/discard', async (request, response) => {
    await quarantine.discard(callerOf(request), pathBigId(request, 'quarantined item'));
    response.status(204).end();
  });

  router.post('/quarantine/:id/replay', async (request, response) => {
    const id = pathBigId(request, 'quarantined item');
    const { text, raw } = decode(correction, request.body ?? {});
    const { syncId } = await quarantine.replay(callerOf(request), id, text ?? raw ?? null);
    response.status(202).json({ sync: syncId, statut: '1' });
  });

  return router;
}

const itemJson = ({ solutionId, syncId, ...item }: QuarantinedItem) => ({
  ...item,
  solution: String(solutionId),
  sync: syncId,
});
