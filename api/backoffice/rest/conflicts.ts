import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Conflict } from '../../../shared/stores/conflict-store';
import { decode } from '../../http/decode';
import type { ConflictService } from '../services/conflicts';
import { callerOf } from './authentication';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from './parameters';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  state: z.enum(['open', 'decided', 'resolved', 'superseded', 'all']).default('open'),
});
const decision = z.strictObject({
  choice: z.union([
    z.enum(['manager', 'solution']),
    z.strictObject({ fields: z.record(z.string(), z.unknown()) }),
  ]),
});

export function createConflictRoutes(conflicts: ConflictService): Router {
  const router = Router();

  router.get('/conflicts', async (request, response) => {
    const { solution, state, ...paging } = decode(query, request.query);
    const filter = { solutionId: solution ?? null, state: state === 'all' ? null : state };
    response.json(
      mapPage(await conflicts.list(callerOf(request), filter, pageOfQuery(paging)), conflictJson),
    );
  });

  router.post('/conflicts/:id', async (request, response) => {
    const id = pathBigId(request, 'conflict');
    const { choice } = decode(decision, request.body ?? {});
    response.json(conflictJson(await conflicts.decide(callerOf(request), id, choice)));
  });

  return router;
}

const conflictJson = ({
  solutionId,
  syncId,
  className,
  entityId,
  manager,
  solution,
  ...conflict
}: Conflict) => ({
  ...conflict,
  solution: String(solutionId),
  sync: syncId,
  class: className,
  entity: entityId,
  managerCopy: manager,
  solutionCopy: solution,
});
