import { z } from 'zod';
import { flatState } from '../../../shared/formats/link-state';
import { mapPage } from '../../../shared/domain/page';
import { invalidFields, notFound } from '../../../shared/errors/catalog';
import type { PairConflict } from '../../../shared/stores/pairs/pair-inbox-store';
import type { Conflict } from '../../../shared/stores/parameters/conflict-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { ConflictService } from '../services/conflicts';
import type { PairInboxService } from '../services/pair-inbox';
import { copy, fields, givenFields } from './entity-fields';
import { ifRevision } from './if-match';
import { bigIdParameter, pageOfQuery, solutionKey, syncKey } from '../http/request-fields';
import { listBoth } from '../http/lists-of-both';
import { queryOfSolution } from './listed-by-state';
import { staffRoute } from './staff-route';
import { nameOf } from './systems';

const states = ['open', 'decided', 'resolved', 'superseded'] as const;
const query = queryOfSolution.extend({
  pair: nameOf.optional().meta({ description: 'A pair of systems, by name.' }),
  state: z.enum([...states, 'all']).default('open'),
});
const decision = z.strictObject({
  choice: z
    .union([
      z.enum(['manager', 'solution', 'here', 'there']),
      z.strictObject({ fields: givenFields }),
      z.strictObject({ candidate: z.string().min(1).max(1000) }),
    ])
    .meta({
      description:
        'The side whose values win (for a pair `here` or `there`), or new values for some fields. For a pair’s conflict of the kind `match`, `candidate` is the key of the record on the other side that is the same as `key`: the two are linked at once.',
    }),
});
const conflict = z
  .object({
    id: z.string().meta({ examples: ['9'] }),
    solution: solutionKey,
    sync: syncKey,
    class: z.string().meta({ examples: ['Fridges'] }),
    entity: z.string().meta({ examples: ['1532500000123'] }),
    base: fields
      .nullable()
      .meta({ description: 'The copy on which both sides last agreed. Null: they never agreed.' }),
    managerCopy: copy,
    solutionCopy: copy,
    fields: z
      .array(z.string())
      .readonly()
      .meta({
        description:
          'The fields in conflict. Empty if one side deleted the entity that the other side changed.',
        examples: [['TempMax']],
      }),
    revision: z.string().meta({
      description: 'The revision of both copies, for `If-Match` of a decision.',
      examples: ['mB9w1yVq0m6XlTn2'],
    }),
    state: z.enum(states).meta({ description: '`resolved`: decided by the policy of the class.' }),
    resolution: z.enum(['manager', 'solution', 'fields']).nullable(),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
  })
  .meta({ id: 'Conflict' });

const side = z.record(z.string(), z.unknown()).nullable();
const pairConflict = z
  .object({
    id: z.string().meta({ examples: ['10'] }),
    pair: nameOf,
    link: z.string().nullable(),
    side: z
      .enum(['here', 'there'])
      .meta({ description: 'The side of `key`, the record that the conflict is about.' }),
    key: z.string(),
    kind: z.enum(['fields', 'deletion', 'place', 'match', 'name', 'flip']),
    fields: z.array(z.string()).readonly().meta({ description: 'The fields in conflict.' }),
    base: z.unknown().meta({ description: 'The earlier copy of each side.' }),
    here: side.meta({ description: 'The copy of this side. Null: the record is deleted there.' }),
    there: side,
    candidates: z.unknown().meta({
      description:
        'For `match`: the keys of the records that could be the same one, by side, and in `shown` the values of each of them when the conflict was found.',
    }),
    revision: z.string().meta({ description: 'The revision of both copies, for `If-Match` of a decision.' }),
    state: z.enum(states).meta({ description: '`resolved`: decided by the rules of the pair.' }),
    resolution: z
      .unknown()
      .meta({ description: '`here`, `there`, `{fields}` or `{candidate}`; null: nobody has decided.' }),
    createdAt: instant,
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
    appliedAt: instant.nullable().meta({ description: 'When a worker carried out the decision.' }),
  })
  .meta({ id: 'PairConflict' });
const anyConflict = z.union([conflict, pairConflict]);

export const createConflictRoutes = (conflicts: ConflictService, inbox: PairInboxService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/conflicts',
    id: 'listConflicts',
    tag: 'Conflicts',
    summary: 'Lists conflicts of solutions and of pairs, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of conflicts.', pageOf(anyConflict)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query }) {
      const page = await listBoth<(typeof states)[number], z.input<typeof anyConflict>>(
        query,
        pageOfQuery(query),
        {
          ofSolutions: async (filter, asked) =>
            mapPage(await conflicts.list(caller, filter, asked), conflictJson),
          ofPairs: async (filter, asked) =>
            mapPage(await inbox.conflicts(caller, filter, asked), pairConflictJson),
        },
      );
      return reply(200, page);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/conflicts/{id}',
    id: 'decideConflict',
    tag: 'Conflicts',
    summary: 'Decides a conflict',
    description:
      'Both sides get the result; a solution gets it with its next package. While the conflict is open, an edit or a sync may change either copy. With the `revision` in `If-Match`, nobody decides about copies that they have not seen.',
    access: 'manager',
    params: { id: bigIdParameter('conflict') },
    headers: ifRevision,
    body: jsonBody(decision),
    answers: { 200: json('The conflict, decided.', anyConflict) },
    problems: {
      409: ['already-decided', 'already-exists', 'unsettled'],
      412: ['stale'],
      422: ['invalid-fields'],
    },
    async handle({ caller, params, headers, body }) {
      const ifMatch = headers['if-match'] ?? null;
      const { choice } = body;
      if ((await inbox.findConflict(caller, params.id)) !== null) {
        if (choice === 'manager' || choice === 'solution') throw notOneOf(['here', 'there']);
        const decided = await inbox.decideConflict(caller, params.id, { choice, ifRevision: ifMatch });
        return reply(200, pairConflictJson(decided));
      }
      if (choice === 'here' || choice === 'there' || isCandidate(choice)) throw notFound('conflict');
      return reply(200, conflictJson(await conflicts.decide(caller, params.id, choice, ifMatch)));
    },
  }),
];

const isCandidate = (choice: z.output<typeof decision>['choice']): choice is { candidate: string } =>
  typeof choice === 'object' && 'candidate' in choice;

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

const notOneOf = (choices: readonly string[]) =>
  invalidFields([{ field: 'choice', fault: { code: 'none-of', choices } }]);

const pairConflictJson = ({
  pairId: _pairId,
  systems: _systems,
  decision: decided,
  here,
  there,
  ...rest
}: PairConflict) => ({
  ...rest,
  here: flatState(here),
  there: flatState(there),
  resolution: z.object({ choice: z.unknown() }).safeParse(decided).data?.choice ?? null,
});
