import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { RecordedAudit } from '../../../shared/stores/staff/audit-store';
import { instant, json, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { AuditService } from '../services/audit';
import { bigIdOf, idOf, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  user: textOf(320)
    .optional()
    .meta({ description: 'The whole e-mail address.', examples: ['claire@example.org'] }),
  action: textOf(100)
    .optional()
    .meta({ examples: ['solution.update'] }),
});
const entry = z
  .object({
    id: z.string().meta({ examples: ['81'] }),
    at: instant,
    user: z.string().meta({
      description: 'The e-mail address of the user; or `command line`, or the server itself.',
      examples: ['claire@example.org'],
    }),
    action: z.string().meta({ description: '`<thing>.<verb>`', examples: ['solution.update'] }),
    solution: z
      .string()
      .nullable()
      .meta({ description: 'Null: the action concerns no solution.', examples: ['12'] }),
    address: z
      .string()
      .nullable()
      .meta({ description: 'Null: the action was not made over the network.', examples: ['192.0.2.7'] }),
    before: z.unknown().meta({ description: 'Null: there was nothing.', examples: [{ blocked: false }] }),
    after: z.unknown().meta({ description: 'Null: there is nothing.', examples: [{ blocked: true }] }),
  })
  .meta({ id: 'AuditEntry' });

export const createAuditRoutes = (audit: AuditService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/audit',
    id: 'listAudit',
    tag: 'Audit',
    summary: 'Lists who did what, when, from where, the newest first',
    description: 'An admin sees all actions. Other users see those about the solutions that they see.',
    access: 'viewer',
    query,
    answers: { 200: json('A page of the audit trail.', pageOf(entry)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query: { solution, user, action, ...paging } }) {
      const filter = { solutionId: solution ?? null, actor: user ?? null, action: action ?? null };
      return reply(200, mapPage(await audit.list(caller, filter, pageOfQuery(paging)), entryJson));
    },
  }),
];

const entryJson = ({ id, at, actor, action, solutionId, address, before, after }: RecordedAudit) => ({
  id,
  at,
  user: actor,
  action,
  solution: solutionId === null ? null : String(solutionId),
  address,
  before,
  after,
});
