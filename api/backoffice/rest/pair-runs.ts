import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { RunView } from '../../../shared/stores/pairs/pair-run-request-store';
import { pairModes } from '../../../shared/systems/pair-settings';
import { linkJobStates, linkStates, runKinds } from '../../../shared/systems/pair-states';
import { instant, json, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { bigIdOf, bigIdParameter, pageOfQuery, pageQuery } from '../http/request-fields';
import type { PairRunService, PairStatus } from '../services/pair-runs';
import { paused, pausedJson } from './pairs';
import { staffRoute } from './staff-route';
import { nameParameter } from './systems';

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
    plan: z.string().nullable().meta({ description: 'For `plan`: the plan that it carries out.' }),
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

const askedRun = z.object({ run: z.string().meta({ examples: ['42'] }) });
const ofPair = { name: nameParameter('pair') };

/** The state of a pair, and its runs. */
export const createPairRunRoutes = (pairRuns: PairRunService): Route[] => [
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
