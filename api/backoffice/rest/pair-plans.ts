import { z } from 'zod';
import type { Page } from '../../../shared/domain/page';
import { planStates } from '../../../shared/systems/pair-states';
import { instant, json, jsonBody } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { bigIdParameter, idOf, pageOfQuery, pageQuery } from '../http/request-fields';
import type { PairRunService, PlanOfPair } from '../services/pair-runs';
import { staffRoute } from './staff-route';
import { nameOf, nameParameter } from './systems';
import { reasonCode, reasonValues } from './reason-fields';

const count = z.number().int();
const operation = z.looseObject({ side: z.string(), op: z.string() });
const planItem = z
  .object({
    place: count,
    side: z.enum(['here', 'there']),
    key: z.string(),
    link: z.string().nullable(),
    verdict: z.string(),
    reason: z.string().nullable(),
    reasonCode,
    reasonValues,
    operations: z.array(operation),
    before: z.unknown().meta({ description: 'The value on each side.' }),
    after: z.unknown().meta({ description: 'The value that each side would have.' }),
    path: z.string().nullable().meta({
      description:
        'For a document: its path from the root of the pair, on the side that it comes from. Null: a record.',
    }),
    pathBefore: z
      .string()
      .nullable()
      .meta({ description: 'For a document: its path on the other side, if that is another path.' }),
    bytes: z.number().nullable().meta({ description: 'For a file: its size.' }),
  })
  .meta({ id: 'PairPlanItem' });
const plannedField = z
  .object({
    side: z.enum(['here', 'there']),
    field: z.string().meta({ description: 'The name of the field on that side.' }),
    changed: count.meta({ description: 'The number of records whose value would change.' }),
    made: count.meta({
      description: 'The number of records that would be created with a value in the field.',
    }),
    examples: z.array(z.object({ key: z.string(), before: z.unknown(), after: z.unknown() })).readonly(),
  })
  .meta({ id: 'PlannedField' });
const plan = z
  .object({
    id: z.string().meta({ examples: ['7'] }),
    pair: nameOf,
    state: z.enum(planStates),
    digest: z.string().nullable().meta({ description: 'An approval covers exactly the lines of the plan.' }),
    counts: z.record(z.string(), count),
    fields: z.array(plannedField).readonly().meta({
      description:
        'What would be written, field by field, with the field names of the side that is written to.',
    }),
    calls: z.object({ here: count, there: count }).nullable().meta({
      description:
        'The number of calls that the plan needs, usually at most. Null: the plan is not made yet.',
    }),
    estimatedSeconds: z.number().nullable().meta({
      description:
        'How long it takes to carry out the plan within the limits of both systems. Null: the plan is not made yet.',
    }),
    failure: z.string().nullable(),
    createdAt: instant,
    createdBy: z.string().nullable(),
    readyAt: instant.nullable(),
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
  })
  .meta({ id: 'PairPlan' });
const planWithItems = plan
  .extend({ items: z.array(planItem).readonly(), next: z.string().nullable() })
  .meta({ id: 'PairPlanPage' });
const decidedPlan = plan
  .extend({ run: z.string().nullable().meta({ description: 'The run that carries out the plan.' }) })
  .meta({ id: 'DecidedPairPlan' });

const ofPair = { name: nameParameter('pair') };

/** The plans of a pair: the changes that a run would make. */
export const createPairPlanRoutes = (pairRuns: PairRunService): Route[] => [
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/plan',
    id: 'makePairPlan',
    tag: 'Pairs',
    summary: 'Has a worker make a plan: what a run would do, without doing it',
    access: 'manager',
    params: ofPair,
    answers: { 202: json('The plan.', z.object({ plan: z.string().meta({ examples: ['7'] }) })) },
    async handle({ caller, params }) {
      return reply(202, { plan: await pairRuns.plan(caller, params.name) });
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/plans/{id}',
    id: 'getPairPlan',
    tag: 'Pairs',
    summary: 'Shows a plan, and a page of its lines',
    access: 'viewer',
    params: { id: bigIdParameter('plan') },
    query: pageQuery(idOf),
    answers: { 200: json('The plan.', planWithItems) },
    async handle({ caller, params, query }) {
      const found = await pairRuns.getPlan(caller, params.id);
      const items = await pairRuns.planItems(caller, params.id, pageOfQuery(query));
      return reply(200, { ...planJson(found), ...itemsJson(items) });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/plans/{id}',
    id: 'decidePairPlan',
    tag: 'Pairs',
    summary:
      'Approves or rejects a plan: after an approval exactly the plan is carried out, and the pair runs from then on',
    access: 'manager',
    params: { id: bigIdParameter('plan') },
    body: jsonBody(
      z.strictObject({
        decision: z.enum(['approve', 'reject']),
        digest: z.string().max(200).optional().meta({ description: 'The digest of the plan that was read.' }),
      }),
    ),
    answers: { 200: json('The plan.', decidedPlan) },
    problems: { 409: ['already-decided', 'not-ready'], 412: ['stale'] },
    async handle({ caller, params, body: { decision, digest } }) {
      const decided = await pairRuns.decide(caller, params.id, { decision, ifDigest: digest ?? null });
      return reply(200, { ...planJson(decided), run: decided.run });
    },
  }),
];

const planJson = ({
  pair,
  plan: { pairId: _pairId, configVersion: _version, summary: _summary, ...rest },
  summary,
  estimate,
}: PlanOfPair) => ({
  ...rest,
  pair: pair.name,
  fields: summary?.fields ?? [],
  calls: summary?.calls ?? null,
  estimatedSeconds: estimate?.seconds ?? null,
});

const operations = z.array(operation).catch([]);

const itemsJson = ({ items, next }: Page<Parameters<typeof itemJson>[0]>) => ({
  items: items.map(itemJson),
  next,
});

const itemJson = ({
  operations: done,
  ...item
}: { readonly operations: unknown } & Omit<z.input<typeof planItem>, 'operations'>) => ({
  ...item,
  operations: operations.parse(done),
});
