import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Approval } from '../../../shared/stores/approval-store';
import { decode } from '../../http/decode';
import type { ApprovalService } from '../services/approvals';
import { callerOf } from './authentication';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from './parameters';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  state: z.enum(['open', 'approved', 'rejected', 'superseded', 'all']).default('open'),
});
const decision = z.strictObject({ decision: z.enum(['approve', 'reject']) });

export function createApprovalRoutes(approvals: ApprovalService): Router {
  const router = Router();

  router.get('/approvals', async (request, response) => {
    const { solution, state, ...paging } = decode(query, request.query);
    const filter = { solutionId: solution ?? null, state: state === 'all' ? null : state };
    response.json(
      mapPage(await approvals.list(callerOf(request), filter, pageOfQuery(paging)), approvalJson),
    );
  });

  router.post('/approvals/:id', async (request, response) => {
    const id = pathBigId(request, 'approval');
    const { decision: decided } = decode(decision, request.body ?? {});
    const { approval, applied, released } = await approvals.decide(callerOf(request), id, decided);
    response.json({ ...approvalJson(approval), applied, released });
  });

  return router;
}

const approvalJson = ({ solutionId, syncId, className, ...approval }: Approval) => ({
  ...approval,
  solution: String(solutionId),
  sync: syncId,
  class: className,
});
