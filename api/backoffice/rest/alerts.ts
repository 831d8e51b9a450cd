import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { probeAlertKinds, probeAlertStates } from '../../../shared/domain/probe-alert';
import type { ProbeAlert } from '../../../shared/stores/alert-store';
import { decode } from '../../http/decode';
import type { AlertService } from '../services/alerts';
import { callerOf } from './authentication';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId, textOf } from './parameters';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  state: z.enum([...probeAlertStates, 'all']).default('open'),
  kind: z.enum(probeAlertKinds).optional(),
  acknowledged: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});
const acknowledgement = z.strictObject({ comment: textOf(2000).nullish() });

export function createAlertRoutes(alerts: AlertService): Router {
  const router = Router();

  router.get('/alerts', async (request, response) => {
    const { solution, state, kind, acknowledged, ...paging } = decode(query, request.query);
    const filter = {
      solutionId: solution ?? null,
      state: state === 'all' ? null : state,
      kind: kind ?? null,
      isAcknowledged: acknowledged ?? null,
    };
    response.json(mapPage(await alerts.list(callerOf(request), filter, pageOfQuery(paging)), alertJson));
  });

  router.post('/alerts/:id/acknowledge', async (request, response) => {
    const id = pathBigId(request, 'alert');
    const { comment } = decode(acknowledgement, request.body ?? {});
    response.json(alertJson(await alerts.acknowledge(callerOf(request), id, comment ?? null)));
  });

  return router;
}

const alertJson = ({ solutionId, ...alert }: ProbeAlert) => ({ ...alert, solution: String(solutionId) });
