import { z } from 'zod';
import { flatState } from '../../../shared/formats/link-state';
import { mapPage, type Page } from '../../../shared/domain/page';
import type {
  LinkEndView,
  LinkView,
  LinkEventView,
  LinkJobView,
} from '../../../shared/stores/pairs/link-desk-store';
import type { RunView } from '../../../shared/stores/pairs/pair-run-request-store';
import { pairModes } from '../../../shared/systems/pair-settings';
import { linkJobStates, linkStates, planStates, runKinds } from '../../../shared/systems/pair-states';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { bigIdOf, bigIdParameter, idOf, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { LinkService } from '../services/links';
import type { PairRunService, PairStatus, PlanOfPair } from '../services/pair-runs';
import { paused, pausedJson } from './pairs';
import { staffRoute } from './staff-route';
import { nameOf, nameParameter } from './systems';

const count = z.number().int();
const run = z
  .object({
    id: z.string().meta({ examples: ['42'] }),
    kind: z.enum(runKinds).meta({
      description:
        '`check`: lists what changed. `whole`: lists everything. `plan`: carries out an approved plan. `hints`: records that webhooks and people named. `take-back`: undoes another run.',
    }),
    state: z.string(),
    askedBy: z.string().nullable(),
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant
      .nullable()
      .meta({ description: 'Set when none of its jobs is `new` or `running` any more.' }),
    created: count,
    updated: count,
    moved: count,
    deleted: count,
    unchanged: count,
    failed: count,
    calls: z.object({ here: count, there: count }),
    failure: z.string().nullable(),
    takesBack: z.string().nullable().meta({ description: 'For `take-back`: the run that it takes back.' }),
  })
  .meta({ id: 'PairRun' });
const runWithKept = run
  .extend({
    kept: z
      .array(
        z.object({
          link: z.string().nullable(),
          here: z.string().nullable().meta({ description: 'The key of the record on this side.' }),
          there: z.string().nullable().meta({ description: 'The key of the record on this side.' }),
          fields: z.array(z.string()).readonly(),
        }),
      )
      .meta({
        description:
          'For `take-back`: the records that were changed after the run that it takes back, and therefore stay as they are.',
      }),
    next: z.string().nullable(),
  })
  .meta({ id: 'PairRunWithKept' });
const counts = <const Names extends readonly string[]>(names: Names) =>
  z.record(z.enum(names), count).meta({ description: 'The number of jobs by state.' });
const status = z
  .object({
    mode: z.enum(pairModes),
    paused,
    lag: z
      .number()
      .meta({ description: 'For how many seconds the oldest due job has waited. 0: none waits.' }),
    jobs: counts(linkJobStates),
    links: counts(linkStates),
    conflicts: count,
    approvals: count,
    lastRun: run.nullable(),
  })
  .meta({ id: 'PairStatus' });

const operation = z.looseObject({ side: z.string(), op: z.string() });
const planItem = z
  .object({
    place: count,
    side: z.enum(['here', 'there']),
    key: z.string(),
    link: z.string().nullable(),
    verdict: z.string(),
    reason: z.string().nullable(),
    operations: z.array(operation),
    before: z.unknown().meta({ description: 'The value on each side.' }),
    after: z.unknown().meta({ description: 'The value that each side would have.' }),
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

const end = z
  .object({
    key: z.string(),
    revision: z.string().nullable(),
    seen: z.record(z.string(), z.unknown()).nullable().meta({
      description:
        'The copy last seen on that side, with the field names of the pair. Null: the record is deleted there.',
    }),
  })
  .nullable();
const link = z
  .object({
    id: z.string().meta({ examples: ['1001'] }),
    pair: nameOf,
    state: z.enum(linkStates),
    syncKey: z.string(),
    here: end,
    there: end,
    unsettled: z
      .boolean()
      .meta({ description: 'A call was begun, and it is not known yet whether the system carried it out.' }),
    madeAt: instant,
    changedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'PairLink' });
const event = z
  .object({
    id: z.string(),
    at: instant,
    kind: z.string(),
    verdict: z.string().nullable(),
    reason: z.string().nullable(),
    operations: z.unknown(),
    fields: z.array(z.string()).readonly(),
    before: z.unknown(),
    after: z.unknown(),
    calls: z.unknown().meta({ description: 'Each call with its response; secrets are left out.' }),
    by: z.string().nullable(),
  })
  .meta({ id: 'PairLinkEvent' });
const linkWithEvents = link
  .extend({ events: z.array(event).readonly().meta({ description: 'The newest first.' }) })
  .meta({ id: 'PairLinkTimeline' });
const job = z
  .object({
    id: z.string().meta({ examples: ['2002'] }),
    pair: nameOf,
    side: z.enum(['here', 'there']),
    key: z.string(),
    link: z.string().nullable(),
    stage: z.enum(['change', 'deletion']),
    source: z.string(),
    state: z.enum(linkJobStates),
    attempts: count,
    runAfter: instant,
    waitsFor: z.object({ side: z.enum(['here', 'there']), key: z.string() }).nullable(),
    verdict: z.string().nullable(),
    error: z.string().nullable(),
    errorClass: z.string().nullable(),
    approval: z.string().nullable(),
    run: z.string().nullable(),
    calls: count,
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
  })
  .meta({ id: 'PairJob' });

const askedRun = z.object({ run: z.string().meta({ examples: ['42'] }) });
const key = textOf(500);
const ofPair = { name: nameParameter('pair') };

interface Services {
  readonly pairRuns: PairRunService;
  readonly links: LinkService;
}

export const createPairWorkRoutes = ({ pairRuns, links }: Services): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/status',
    id: 'getPairStatus',
    tag: 'Pairs',
    summary: 'Shows the state of a pair: open work, failures, its last run',
    access: 'viewer',
    params: ofPair,
    answers: { 200: json('The state of the pair.', status) },
    async handle({ caller, params }) {
      return reply(200, statusJson(await pairRuns.status(caller, params.name)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/run',
    id: 'runPair',
    tag: 'Pairs',
    summary: 'Lists what has changed on both sides now',
    description: 'In the mode `plan` nothing is written.',
    access: 'manager',
    params: ofPair,
    answers: { 202: json('The run.', askedRun) },
    async handle({ caller, params }) {
      return reply(202, { run: await pairRuns.run(caller, params.name, 'check') });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/whole',
    id: 'runPairWhole',
    tag: 'Pairs',
    summary: 'Lists both sides whole now',
    access: 'manager',
    params: ofPair,
    answers: { 202: json('The run.', askedRun) },
    async handle({ caller, params }) {
      return reply(202, { run: await pairRuns.run(caller, params.name, 'whole') });
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/runs',
    id: 'listPairRuns',
    tag: 'Pairs',
    summary: 'Lists the runs of a pair, the newest first',
    access: 'viewer',
    params: ofPair,
    query: pageQuery(bigIdOf),
    answers: { 200: json('A page of runs.', pageOf(run)) },
    async handle({ caller, params, query }) {
      return reply(200, mapPage(await pairRuns.list(caller, params.name, pageOfQuery(query)), runJson));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/runs/{id}',
    id: 'getPairRun',
    tag: 'Pairs',
    summary: 'Shows a run, and a page of what it could not take back',
    access: 'viewer',
    params: { ...ofPair, id: bigIdParameter('run') },
    query: pageQuery(bigIdOf),
    answers: { 200: json('The run.', runWithKept) },
    async handle({ caller, params, query }) {
      const found = await pairRuns.get(caller, params.name, params.id, pageOfQuery(query));
      const { items, next } = found.kept;
      const kept = items.map(({ link: of, here, there, fields }) => ({ link: of, here, there, fields }));
      return reply(200, { ...runJson(found.run), kept, next });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/runs/{id}/take-back',
    id: 'takeBackPairRun',
    tag: 'Pairs',
    summary: 'Takes back what a run did; what was changed since stays as it is',
    access: 'manager',
    params: { ...ofPair, id: bigIdParameter('run') },
    answers: { 202: json('The run that does it.', askedRun) },
    async handle({ caller, params }) {
      return reply(202, { run: await pairRuns.takeBack(caller, params.name, params.id) });
    },
  }),
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
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/links',
    id: 'listPairLinks',
    tag: 'Pairs',
    summary: 'Lists the links of a pair, the newest first',
    description:
      'The search covers the keys and the copies last seen. Links whose records are gone are listed only with `state=gone`.',
    access: 'viewer',
    params: ofPair,
    query: pageQuery(bigIdOf).extend({
      state: z.enum(linkStates).optional(),
      search: textOf(200).optional(),
    }),
    answers: { 200: json('A page of links.', pageOf(link)) },
    async handle({ caller, params, query: { state, search, ...paging } }) {
      const filter = { state: state ?? null, search: search ?? null };
      const page = await links.list(caller, params.name, filter, pageOfQuery(paging));
      return reply(
        200,
        mapPage(page, (one) => linkJson(params.name, one)),
      );
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/links',
    id: 'joinPairLink',
    tag: 'Pairs',
    summary: 'Links two records by hand',
    access: 'manager',
    params: ofPair,
    body: jsonBody(z.strictObject({ here: key, there: key })),
    answers: { 201: json('The link.', linkWithEvents) },
    problems: { 409: ['already-exists'] },
    async handle({ caller, params, body }) {
      return reply(201, timelineJson(await links.join(caller, params.name, body)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/links/{id}',
    id: 'getPairLink',
    tag: 'Pairs',
    summary: 'Shows a link with both ends, and everything that was done to it',
    access: 'viewer',
    params: { id: bigIdParameter('link') },
    answers: { 200: json('The link.', linkWithEvents) },
    async handle({ caller, params }) {
      return reply(200, timelineJson(await links.get(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/links/{id}/look',
    id: 'lookAtPairLink',
    tag: 'Pairs',
    summary: 'Has both sides of a link compared now',
    access: 'manager',
    params: { id: bigIdParameter('link') },
    answers: { 202: json('The job.', job) },
    async handle({ caller, params }) {
      return reply(202, jobOfPairJson(await links.look(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/links/{id}/unlink',
    id: 'unlinkPairLink',
    tag: 'Pairs',
    summary: 'Unlinks two records; both records stay as they are',
    access: 'manager',
    params: { id: bigIdParameter('link') },
    answers: { 200: json('The link as it was; it is removed.', linkWithEvents) },
    problems: { 409: ['unsettled'] },
    async handle({ caller, params }) {
      return reply(200, timelineJson(await links.unlink(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/jobs',
    id: 'listPairJobs',
    tag: 'Pairs',
    summary: 'Lists the jobs of a pair, the newest first',
    access: 'viewer',
    params: ofPair,
    query: pageQuery(bigIdOf).extend({ state: z.enum(linkJobStates).optional(), link: bigIdOf.optional() }),
    answers: { 200: json('A page of jobs.', pageOf(job)) },
    async handle({ caller, params, query: { state, link: of, ...paging } }) {
      const filter = { state: state ?? null, link: of ?? null };
      const page = await links.jobs(caller, params.name, filter, pageOfQuery(paging));
      return reply(
        200,
        mapPage(page, (one) => jobJson(params.name, one)),
      );
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/jobs',
    id: 'addPairJob',
    tag: 'Pairs',
    summary: 'Has a record of one side compared now',
    access: 'manager',
    params: ofPair,
    body: jsonBody(z.strictObject({ side: z.enum(['here', 'there']), key })),
    answers: { 202: json('The job.', job) },
    async handle({ caller, params, body }) {
      return reply(202, jobOfPairJson(await links.addJob(caller, params.name, body)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/jobs/{id}',
    id: 'getPairJob',
    tag: 'Pairs',
    summary: 'Shows a job',
    access: 'viewer',
    params: { id: bigIdParameter('job') },
    answers: { 200: json('The job.', job) },
    async handle({ caller, params }) {
      return reply(200, jobOfPairJson(await links.getJob(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/jobs/{id}/retry',
    id: 'retryPairJob',
    tag: 'Pairs',
    summary: 'Tries a job now that failed, waits or was given up',
    access: 'manager',
    params: { id: bigIdParameter('job') },
    answers: { 202: json('The job that does it.', job) },
    problems: { 409: ['not-replayable'] },
    async handle({ caller, params }) {
      return reply(202, jobOfPairJson(await links.retry(caller, params.id)));
    },
  }),
];

const runJson = ({ counts: totals, ...rest }: RunView) => ({ ...rest, ...totals });

const noJobs = { new: 0, running: 0, waiting: 0, held: 0, failed: 0, done: 0, skipped: 0, 'given-up': 0 };
const noLinks = {
  creating: 0,
  active: 0,
  conflict: 0,
  quarantined: 0,
  'deleted-here': 0,
  'deleted-there': 0,
  gone: 0,
};

const statusJson = ({ pair, jobs, links: all, lag, conflicts, approvals, lastRun }: PairStatus) => ({
  mode: pair.mode,
  paused: pausedJson(pair),
  lag,
  jobs: { ...noJobs, ...jobs },
  links: { ...noLinks, ...all },
  conflicts,
  approvals,
  lastRun: lastRun && runJson(lastRun),
});

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

const endJson = (one: LinkEndView | null) => one && { ...one, seen: flatState(one.seen) };

const linkJson = (pair: string, { pairId: _pairId, isUnsettled, here, there, ...rest }: LinkView) => ({
  ...rest,
  pair,
  here: endJson(here),
  there: endJson(there),
  unsettled: isUnsettled,
});

const timelineJson = ({
  pair,
  link: one,
  events,
}: {
  readonly pair: { readonly name: string };
  readonly link: LinkView;
  readonly events: readonly LinkEventView[];
}) => ({ ...linkJson(pair.name, one), events });

const jobJson = (pair: string, { pairId: _pairId, waitsSide, waitsKey, ...rest }: LinkJobView) => ({
  ...rest,
  pair,
  waitsFor: waitsSide === null || waitsKey === null ? null : { side: waitsSide, key: waitsKey },
});

const jobOfPairJson = ({
  pair,
  job: one,
}: {
  readonly pair: { readonly name: string };
  readonly job: LinkJobView;
}) => jobJson(pair.name, one);
