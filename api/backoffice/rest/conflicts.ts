import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Conflict } from '../../../shared/stores/parameters/conflict-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { ConflictService } from '../services/conflicts';
import { copy, fields, givenFields } from './entity-fields';
import { ifRevision } from './if-match';
import { bigIdParameter, pageOfQuery, solutionKey, syncKey } from '../http/request-fields';
import { filterByState, queryOfSolution } from './listed-by-state';
import { staffRoute } from './staff-route';

const states = ['open', 'decided', 'resolved', 'superseded'] as const;
const query = queryOfSolution.extend({
  state: z.enum([...states, 'all']).default('open'),
});
const decision = z.strictObject({
  choice: z.union([z.enum(['manager', 'solution']), z.strictObject({ fields: givenFields })]).meta({
    description: 'Whose values win, or new values for some fields.',
  }),
});
const conflict = z
  .object({
    id: z.string().meta({ examples: ['9'] }),
    solution: solutionKey,
    sync: syncKey,
    class: z.string().meta({ examples: ['Fridges'] }),
    entity: z.string().meta({ examples: ['1532500000123'] }),
    base: fields.nullable().meta({ description: 'What both sides last agreed on; null: they never did.' }),
    managerCopy: copy,
    solutionCopy: copy,
    fields: z
      .array(z.string())
      .readonly()
      .meta({
        description: 'In dispute; empty where one side deleted what the other changed.',
        examples: [['TempMax']],
      }),
    revision: z.string().meta({
      description: 'Of both copies, for `If-Match` of a decision.',
      examples: ['mB9w1yVq0m6XlTn2'],
    }),
    state: z.enum(states).meta({ description: '`resolved`: by the policy of the class.' }),
    resolution: z.enum(['manager', 'solution', 'fields']).nullable(),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
  })
  .meta({ id: 'Conflict' });

export const createConflictRoutes = (conflicts: ConflictService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/conflicts',
    id: 'listConflicts',
    tag: 'Conflicts',
    summary: 'Lists conflicts, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of conflicts.', pageOf(conflict)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query }) {
      const page = await conflicts.list(caller, filterByState(query), pageOfQuery(query));
      return reply(200, mapPage(page, conflictJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/conflicts/{id}',
    id: 'decideConflict',
    tag: 'Conflicts',
    summary: 'Decides a conflict',
    description:
      'Both sides get the result; the solution with its next package. While it is open, either copy may change, by an edit or by a sync: with the `revision` in `If-Match`, nothing is decided about copies that nobody has seen.',
    access: 'manager',
    params: { id: bigIdParameter('conflict') },
    headers: ifRevision,
    body: jsonBody(decision),
    answers: { 200: json('The conflict, decided.', conflict) },
    problems: { 409: ['already-decided'], 412: ['stale'], 422: ['invalid-fields'] },
    async handle({ caller, params, headers, body }) {
      const ifMatch = headers['if-match'] ?? null;
      return reply(200, conflictJson(await conflicts.decide(caller, params.id, body.choice, ifMatch)));
    },
  }),
];

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
