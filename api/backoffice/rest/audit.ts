import { Router } from 'express';
import { mapPage } from '../../../shared/domain/page';
import type { RecordedAudit } from '../../../shared/stores/audit-store';
import { decode } from '../../http/decode';
import type { AuditService } from '../services/audit';
import { callerOf } from './authentication';
import { bigIdOf, idOf, pageOfQuery, pageQuery, textOf } from './parameters';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  user: textOf(320).optional(),
  action: textOf(100).optional(),
});

export function createAuditRoutes(audit: AuditService): Router {
  const router = Router();

  router.get('/audit', async (request, response) => {
    const { solution, user, action, ...paging } = decode(query, request.query);
    const filter = { solutionId: solution ?? null, actor: user ?? null, action: action ?? null };
    response.json(mapPage(await audit.list(callerOf(request), filter, pageOfQuery(paging)), auditJson));
  });

  return router;
}

const auditJson = ({ id, at, actor, action, solutionId, address, before, after }: RecordedAudit) => ({
  id,
  at,
  user: actor,
  action,
  solution: solutionId === null ? null : String(solutionId),
  address,
  before,
  after,
});
