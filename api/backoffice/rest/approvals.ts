import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { mapPage } from '../../../shared/domain/page';
import type { Approval } from '../../../shared/stores/approval-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { ApprovalService } from '../services/approvals';
import { bigIdOf, bigIdParameter, idOf, pageOfQuery, pageQuery, solutionKey, syncKey } from './parameters';
import { staffRoute } from './staff-route';

const states = ['open', 'approved', 'rejected', 'superseded'] as const;
const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  state: z.enum([...states, 'all']).default('open'),
});
const decision = z.strictObject({ decision: z.enum(['approve', 'reject']) });
const approval = z
  .object({
    id: z.string().meta({ examples: ['5'] }),
    solution: solutionKey,
    sync: syncKey,
    channel: z.enum(channels),
    class: z.string().meta({ examples: ['Fridges'] }),
    kind: z.enum(['deletes', 'replace', 'replace-logs']).meta({
      description:
        '`deletes`: the solution deleted them; `replace`: it replaces everything and no longer has them; `replace-logs`: readings that it no longer has, or has otherwise, of the table that `class` names.',
    }),
    plan: z
      .array(
        z.object({
          id: z.string().meta({ examples: ['1532500000123'] }),
          version: z
            .number()
            .int()
            .meta({ examples: [3] }),
        }),
      )
      .readonly()
      .meta({ description: 'What would be deleted. The decision is bound to these versions.' }),
    state: z.enum(states),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
    logRows: z
      .object({ deleted: z.number().int(), replaced: z.number().int() })
      .nullable()
      .meta({
        description:
          'Of `replace-logs`: how many readings would go, and how many be replaced. The plan shows the first 1,000. A worker does it within seconds of the approval.',
        examples: [{ deleted: 120, replaced: 3 }],
      }),
  })
  .meta({ id: 'Approval' });
const decided = approval
  .extend({
    applied: z
      .number()
      .int()
      .meta({ description: 'Deleted, or given back to life.', examples: [14] }),
    released: z
      .number()
      .int()
      .meta({ description: 'Changed since it was planned: planned anew at the next sync.', examples: [0] }),
  })
  .meta({ id: 'DecidedApproval' });

export const createApprovalRoutes = (approvals: ApprovalService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/approvals',
    id: 'listApprovals',
    tag: 'Approvals',
    summary: 'Lists the changes above a limit, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of approvals.', pageOf(approval)) },
    async handle({ caller, query: { solution, state, ...paging } }) {
      const filter = { solutionId: solution ?? null, state: state === 'all' ? null : state };
      return reply(200, mapPage(await approvals.list(caller, filter, pageOfQuery(paging)), approvalJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/approvals/{id}',
    id: 'decideApproval',
    tag: 'Approvals',
    summary: 'Approves or rejects',
    description: 'What has changed since the plan was made is left for the next sync to plan anew.',
    access: 'manager',
    params: { id: bigIdParameter('approval') },
    body: jsonBody(decision),
    answers: { 200: json('What the decision did.', decided) },
    problems: { 409: ['already-decided'] },
    async handle({ caller, params, body }) {
      const { approval: after, applied, released } = await approvals.decide(caller, params.id, body.decision);
      return reply(200, { ...approvalJson(after), applied, released });
    },
  }),
];

const approvalJson = ({ solutionId, syncId, className, ...approval }: Approval) => ({
  ...approval,
  solution: String(solutionId),
  sync: syncId,
  class: className,
});
