import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { flags } from '../../../shared/domain/flag';
import { mapPage } from '../../../shared/domain/page';
import {
  rolloutApprovals,
  rolloutReasons,
  rolloutSolutionStates,
  rolloutStates,
  usualRolloutRules,
  usualWavePercents,
} from '../../../shared/domain/rollout';
import type { Rollout, RolloutSolution, StoredChange } from '../../../shared/stores/rollouts/rollout-store';
import { bigIdOf, bigIdParameter, idOf, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type {
  GivenChange,
  GivenSettingEdit,
  RolloutDetail,
  RolloutPlan,
  RolloutService,
} from '../services/rollouts';
import { fields, givenFields } from './entity-fields';
import { filterOf, solutionFilter } from './solutions';
import { staffRoute } from './staff-route';

const entityId = z.string().meta({ examples: ['1532500000123'] });
const className = z.string().meta({ examples: ['Fridges'] });
/** When a rollout goes on, and when it stops. */
export const rolloutRules = {
  approval: z.enum(rolloutApprovals).default(usualRolloutRules.needsApproval).meta({
    description: '`start`: once, before the first wave. `each-wave`: before every wave.',
  }),
  waveHours: z
    .number()
    .int()
    .min(1)
    .max(2160)
    .default(usualRolloutRules.waveHours)
    .meta({ description: 'How long a wave waits for its solutions.' }),
  maxFailedPercent: z.number().int().min(0).max(100).default(usualRolloutRules.maxFailedPercent).meta({
    description: 'The rollout stops when more than this share of a wave has failed. 0: at the first failure.',
  }),
  maxExpiredPercent: z.number().int().min(0).max(100).default(usualRolloutRules.maxExpiredPercent).meta({
    description: 'The rollout stops when more than this share of a wave did not come in time.',
  }),
};
const flagChange = z.strictObject({
  kind: z.literal('flag'),
  channel: z.enum(channels),
  flag: z.enum(flags).exclude(['reset-status']),
});
const settingEdit = z.strictObject({
  class: className,
  id: entityId.optional().meta({
    description: 'The entity that changes. It is added where a solution does not have it.',
  }),
  where: givenFields.optional().meta({
    description: 'Without `id`: every entity of the class whose fields have these values.',
    examples: [{ Type: 'negative' }],
  }),
  fields: givenFields.nullable().meta({
    description: 'The fields that are set; null clears one. Null: the entities are deleted.',
    examples: [{ TempMax: -18 }],
  }),
});
const settingsChange = z.strictObject({
  kind: z.literal('settings'),
  edits: z
    .array(
      settingEdit.refine(
        ({ id, where }) => (id === undefined) !== (where === undefined),
        'needs id or where',
      ),
    )
    .min(1)
    .max(100)
    .meta({ description: 'Of two changes of one entity, the last one counts.' }),
});
const solutionIds = z
  .array(idOf)
  .min(1)
  .max(100_000)
  .meta({ description: 'They come to their turn in this order.', examples: [['12', '13']] });
export const wavePercents = z
  .array(z.number().int().min(1).max(99))
  .max(20)
  .refine(
    (percents) => percents.reduce((sum, percent) => sum + percent, 0) < 100,
    'leaves nothing for the last wave',
  )
  .default([...usualWavePercents])
  .meta({
    description: 'In percent of all solutions. The rest follows as the last wave.',
    examples: [[5, 25]],
  });
const plan = z.strictObject({
  name: textOf(200).meta({ examples: ['Freezers at -18'] }),
  change: z.discriminatedUnion('kind', [flagChange, settingsChange]),
  solutions: z
    .union([solutionIds, solutionFilter.strict()])
    .meta({ description: 'Ids, or a filter as of `GET /api/solutions`.' }),
  waves: wavePercents,
  ...rolloutRules,
});

const counts = z
  .object({
    waiting: z.number().int(),
    sent: z.number().int(),
    confirmed: z.number().int(),
    failed: z.number().int(),
    expired: z.number().int(),
    skipped: z.number().int(),
  })
  .meta({
    id: 'RolloutCounts',
    description:
      'How many solutions are in each state. `expired`: they did not come in the time of their wave.',
    examples: [{ waiting: 140, sent: 12, confirmed: 47, failed: 0, expired: 0, skipped: 1 }],
  });
const storedEdit = z.object({
  class: className,
  id: entityId.optional(),
  where: fields.optional(),
  fields: fields.nullable(),
});
const rolloutShape = z.object({
  id: z.string().meta({ examples: ['7'] }),
  name: z.string().meta({ examples: ['Freezers at -18'] }),
  change: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('flag'), channel: z.enum(channels), flag: z.enum(flags) }),
    z.object({ kind: z.literal('settings'), edits: z.array(storedEdit) }),
    z.object({ kind: z.literal('edits') }).meta({ description: 'Each solution has edits of its own.' }),
  ]),
  state: z.enum(rolloutStates).meta({
    description:
      '`waiting`: for the approval of the current wave. `stopped`: too many solutions failed or did not come.',
  }),
  wave: z
    .number()
    .int()
    .meta({ description: 'The current wave, from 1.', examples: [2] }),
  stoppedBecause: z.enum(['failures', 'expired']).nullable(),
  approval: z.enum(rolloutApprovals),
  waveHours: z.number().int(),
  maxFailedPercent: z.number().int(),
  maxExpiredPercent: z.number().int(),
  counts,
  createdAt: instant,
  createdBy: z.string().meta({ examples: ['claire@example.org'] }),
  endedAt: instant.nullable(),
});
const rollout = rolloutShape.meta({ id: 'Rollout' });
export const rolloutDetail = rolloutShape
  .extend({
    waves: z.array(
      z.object({
        number: z.number().int(),
        solutions: z.number().int().meta({ description: 'How many were planned.' }),
        approvedAt: instant.nullable(),
        approvedBy: z.string().nullable(),
        beganAt: instant.nullable().meta({ description: 'When the change went to its first solutions.' }),
        counts,
      }),
    ),
  })
  .meta({ id: 'RolloutDetail' });
const member = z
  .object({
    solution: z.string().meta({ examples: ['12'] }),
    name: z.string().meta({ examples: ['Le Petit Zinc'] }),
    mail: z.string(),
    wave: z.number().int(),
    state: z.enum(rolloutSolutionStates),
    reasonCode: z.enum(rolloutReasons).nullable().meta({
      description:
        'Failed: `refused`: the solution could not carry it out; `newer-copy-waits`: a newer copy of the solution is in quarantine; `decision-waits`: both sides changed the same setting. Skipped: `moved`, `retired`, `nothing-to-change`, `taken-back`, `edited-since`: someone edited the same settings later; `left-template`: it does not follow the template any more; `cancelled`.',
    }),
    reason: z.string().nullable().meta({ description: 'In the words of the solution.' }),
    sentAt: instant.nullable(),
    settledAt: instant.nullable(),
  })
  .meta({ id: 'RolloutSolution' });
const action = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('approve'),
    wave: z.number().int().min(1).meta({ description: 'The wave that may begin.' }),
  }),
  z.strictObject({ action: z.enum(['pause', 'resume', 'cancel']) }),
]);

const listQuery = pageQuery(bigIdOf).extend({
  state: z
    .enum(['open', 'ended', 'all'])
    .default('open')
    .meta({ description: '`open`: not done or cancelled.' }),
});
const memberQuery = pageQuery(idOf).extend({
  wave: z.coerce.number().int().min(1).optional(),
  state: z.enum(rolloutSolutionStates).optional(),
});
const ofOne = { tag: 'Rollouts', params: { id: bigIdParameter('rollout') } } as const;

export const createRolloutRoutes = (rollouts: RolloutService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/rollouts',
    id: 'listRollouts',
    tag: 'Rollouts',
    summary: 'Lists the rollouts, the newest first',
    description: 'Only those of whose accounts the caller sees all.',
    access: 'viewer',
    query: listQuery,
    answers: { 200: json('A page of rollouts.', pageOf(rollout)) },
    async handle({ caller, query }) {
      const isOpen = query.state === 'all' ? null : query.state === 'open';
      return reply(200, mapPage(await rollouts.list(caller, isOpen, pageOfQuery(query)), rolloutJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/rollouts',
    id: 'planRollout',
    tag: 'Rollouts',
    summary: 'Plans a flag or a change of settings for many solutions, in waves',
    description:
      'Nothing is sent before the plan is approved. Each wave begins when the last has succeeded. A solution that the caller does not see is `not-found`.',
    access: 'manager',
    body: jsonBody(plan, { limit: '2mb' }),
    answers: { 201: json('The plan.', rolloutDetail) },
    problems: { 404: ['not-found'], 422: ['invalid-fields'] },
    async handle({ caller, body }) {
      return reply(201, rolloutDetailJson(await rollouts.plan(caller, planOf(body))));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'get',
    path: '/api/rollouts/{id}',
    id: 'getRollout',
    summary: 'Returns a rollout with its waves',
    access: 'viewer',
    answers: { 200: json('The rollout.', rolloutDetail) },
    async handle({ caller, params }) {
      return reply(200, rolloutDetailJson(await rollouts.get(caller, params.id)));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'get',
    path: '/api/rollouts/{id}/solutions',
    id: 'listRolloutSolutions',
    summary: 'Lists the solutions of a rollout with their states, in the order of their turn',
    access: 'viewer',
    query: memberQuery,
    answers: { 200: json('A page of solutions.', pageOf(member)) },
    async handle({ caller, params, query: { wave, state, ...asked } }) {
      const filter = { wave: wave ?? null, state: state ?? null };
      const page = await rollouts.solutions(caller, params.id, filter, pageOfQuery(asked));
      return reply(200, mapPage(page, memberJson));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'post',
    path: '/api/rollouts/{id}',
    id: 'steerRollout',
    summary: 'Approves a wave, or pauses, resumes or cancels a rollout',
    description:
      'After a resume, the failures so far are accepted. A cancelled rollout takes back the flags that no sync has begun to honour; settings that were sent stay.',
    access: 'manager',
    body: jsonBody(action),
    answers: { 200: json('The rollout.', rolloutDetail) },
    problems: { 409: ['not-ready'] },
    async handle({ caller, params: { id }, body }) {
      return reply(200, rolloutDetailJson(await steer(rollouts, id, caller, body)));
    },
  }),
];

type Caller = Parameters<RolloutService['get']>[0];

function steer(rollouts: RolloutService, id: string, caller: Caller, body: z.output<typeof action>) {
  switch (body.action) {
    case 'approve':
      return rollouts.approve(caller, id, body.wave);
    case 'pause':
      return rollouts.pause(caller, id);
    case 'resume':
      return rollouts.resume(caller, id);
    case 'cancel':
      return rollouts.cancel(caller, id);
  }
}

const planOf = ({
  name,
  change,
  solutions,
  waves,
  approval,
  ...limits
}: z.output<typeof plan>): RolloutPlan => ({
  name,
  change: changeOf(change),
  target: Array.isArray(solutions) ? { ids: solutions } : { filter: filterOf(solutions) },
  wavePercents: waves,
  rules: { ...limits, needsApproval: approval },
});

/** The service checks the values of the fields. */
function changeOf(change: z.output<typeof plan>['change']): GivenChange {
  if (change.kind === 'flag') return change;
  return {
    kind: 'settings',
    edits: change.edits.map(({ class: className, id, where, fields }): GivenSettingEdit => {
      const target = id === undefined ? { where: where ?? {} } : { id };
      return { className, ...target, fields };
    }),
  };
}

function changeJson(change: StoredChange) {
  if (change.kind !== 'settings') return change;
  return {
    kind: change.kind,
    edits: change.edits.map(({ className, ...edit }) => ({ class: className, ...edit })),
  };
}

const rolloutJson = ({ change, needsApproval, ...rollout }: Rollout) => ({
  ...rollout,
  change: changeJson(change),
  approval: needsApproval,
});

export const rolloutDetailJson = ({ waves, ...rollout }: RolloutDetail) => ({
  ...rolloutJson(rollout),
  waves: [...waves],
});

const memberJson = ({ solutionId, ...member }: RolloutSolution) => ({
  ...member,
  solution: String(solutionId),
});
