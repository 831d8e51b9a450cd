import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { LinkJobView } from '../../../shared/stores/pairs/link-desk-store';
import { linkJobStates } from '../../../shared/systems/pair-states';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { bigIdOf, bigIdParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { LinkService } from '../services/links';
import { staffRoute } from './staff-route';
import { nameOf, nameParameter } from './systems';
import { reasonCode, reasonValues } from './reason-fields';

const count = z.number().int();
export const job = z
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
    waitsFor: z
      .object({
        pair: nameOf
          .nullable()
          .meta({ description: 'The pair that must link the record first: this one, or another.' }),
        side: z.enum(['here', 'there']).meta({ description: 'The side of that pair that has the record.' }),
        key: z.string(),
      })
      .nullable(),
    verdict: z.string().nullable(),
    error: z.string().nullable(),
    reasonCode,
    reasonValues,
    errorClass: z.string().nullable(),
    approval: z.string().nullable(),
    run: z.string().nullable(),
    calls: count,
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
  })
  .meta({ id: 'PairJob' });

const key = textOf(500);
const ofPair = { name: nameParameter('pair') };

/** The jobs of a pair: the records that it has found, and their state. */
export const createPairJobRoutes = (links: LinkService): Route[] => [
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

const jobJson = (
  pair: string,
  {
    pairId: _pairId,
    seen: _seen,
    waitsSide,
    waitsKey,
    waitsPair,
    waitsSystem: _waitsSystem,
    ...rest
  }: LinkJobView,
) => ({
  ...rest,
  pair,
  waitsFor:
    waitsSide === null || waitsKey === null ? null : { pair: waitsPair, side: waitsSide, key: waitsKey },
});

export const jobOfPairJson = ({
  pair,
  job: one,
}: {
  readonly pair: { readonly name: string };
  readonly job: LinkJobView;
}) => jobJson(pair.name, one);
