import { z } from 'zod';
import { flatState } from '../../../shared/formats/link-state';
import { mapPage } from '../../../shared/domain/page';
import type { LinkEndView, LinkEventView, LinkView } from '../../../shared/stores/pairs/link-desk-store';
import { linkStates } from '../../../shared/systems/pair-states';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { bigIdOf, bigIdParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { LinkService } from '../services/links';
import { job, jobOfPairJson } from './pair-jobs';
import { staffRoute } from './staff-route';
import { nameOf, nameParameter } from './systems';
import { reasonCode, reasonValues } from './reason-fields';

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
    reasonCode,
    reasonValues,
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

const key = textOf(500);
const ofPair = { name: nameParameter('pair') };

/** The links between the records of two systems. */
export const createPairLinkRoutes = (links: LinkService): Route[] => [
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
];

const endJson = (one: LinkEndView | null) => one && { ...one, seen: flatState(one.seen) };

const linkJson = (
  pair: string,
  { pairId: _pairId, shown: _shown, isUnsettled, here, there, ...rest }: LinkView,
) => ({
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
