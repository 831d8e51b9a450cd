import { readPauseReason } from '../../../shared/domain/pause-reason';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { PairConfigVersion, PairEntry } from '../../../shared/stores/pairs/pair-config-store';
import { pairModes } from '../../../shared/systems/pair-settings';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import { idOf, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { PairService } from '../services/pairs';
import { etagHeader, ifVersion } from './if-match';
import { staffRoute } from './staff-route';
import { nameOf, nameParameter, needSameName } from './systems';

const mode = z.enum(pairModes).meta({
  description: '`plan`: nothing is written. `run`: both sides are kept equal. `off`: the pair does nothing.',
});
const end = z.looseObject({ system: nameOf }).meta({
  description: 'The system, and its entity, table or folder, in the words of its kind.',
  examples: [{ system: 'espo', entity: 'Contact' }],
});
const example = {
  here: { system: 'espo', entity: 'CBeteiligte' },
  there: { system: 'advoware', entity: 'Beteiligte' },
  match: { by: ['name', 'vorname'] },
  fields: [{ here: 'lastName', there: 'name' }],
};
/** Members that only responses have, in addition to the configuration of the pair. */
const readOnlyMembers = ['version', 'paused', 'createdAt'] as const;
const input = { mode: mode.optional(), here: end, there: end };
const description =
  'As in a file (docs/systems.md): `here`, `there`, `find`, `match`, `fields`, `groups`, and so on.';
const newPair = z
  .looseObject({ name: nameOf, ...input })
  .meta({ description, examples: [{ name: 'beteiligte', ...example }] });
const changedPair = z
  .looseObject({ name: nameOf.optional(), ...input })
  .meta({ description, examples: [example] });

export const paused = z
  .object({
    reason: z.string().meta({ examples: ['fields'] }),
    detail: z.string().nullable().meta({ description: 'The details, as a sentence for people.' }),
    since: instant,
    by: z.string().nullable(),
  })
  .nullable()
  .meta({ description: 'Null: the pair is not paused. `by` is null if the server paused it.' });

export const pair = z
  .looseObject({
    name: nameOf,
    mode,
    here: end,
    there: end,
    version: z.number().int(),
    paused,
    createdAt: instant,
  })
  .meta({ id: 'Pair', description });

const version = z
  .object({
    version: z.number().int(),
    config: z.record(z.string(), z.unknown()),
    at: instant,
    by: z.string(),
  })
  .meta({ id: 'PairVersion' });

const ofPair = { name: nameParameter('pair') };

export const createPairRoutes = (pairs: PairService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/pairs',
    id: 'listPairs',
    tag: 'Pairs',
    summary: 'Lists the pairs, by name',
    access: 'viewer',
    query: pageQuery(nameOf),
    answers: { 200: json('A page of pairs.', pageOf(pair)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await pairs.list(caller, pageOfQuery(query)), pairJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs',
    id: 'addPair',
    tag: 'Pairs',
    summary: 'Adds a pair',
    description: 'Unless its configuration says otherwise, it begins in the mode `plan`: nothing is written.',
    access: 'admin',
    body: jsonBody(newPair, { limit: '2mb' }),
    answers: { 201: json('The pair.', pair, etagHeader) },
    problems: { 409: ['already-exists'], 422: ['invalid-fields'] },
    async handle({ caller, body }) {
      return withTag(201, await pairs.create(caller, inputOf(body.name, body)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}',
    id: 'getPair',
    tag: 'Pairs',
    summary: 'Shows the configuration of a pair',
    access: 'viewer',
    params: ofPair,
    answers: { 200: json('The pair.', pair, etagHeader) },
    async handle({ caller, params }) {
      return withTag(200, await pairs.get(caller, params.name));
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/pairs/{name}',
    id: 'putPair',
    tag: 'Pairs',
    summary: 'Adds a pair, or changes its configuration',
    access: 'admin',
    params: ofPair,
    headers: ifVersion,
    body: jsonBody(changedPair, { limit: '2mb' }),
    answers: {
      200: json('The pair.', pair, etagHeader),
      201: json('The pair, which is new.', pair, etagHeader),
    },
    problems: { 412: ['stale'], 422: ['invalid-fields'] },
    async handle({ caller, params, headers, body }) {
      needSameName(params.name, body.name);
      const put = await pairs.put(caller, inputOf(params.name, body), headers['if-match'] ?? null);
      return put.outcome === 'created' ? withTag(201, put.pair) : withTag(200, put.pair);
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/pairs/{name}',
    id: 'deletePair',
    tag: 'Pairs',
    summary: 'Deletes a pair with its links; the records of both systems stay as they are',
    access: 'admin',
    params: ofPair,
    headers: ifVersion,
    answers: { 204: noContent('The pair is deleted.') },
    problems: { 412: ['stale'] },
    async handle({ caller, params, headers }) {
      await pairs.remove(caller, params.name, headers['if-match'] ?? null);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/pairs/{name}/versions',
    id: 'listPairVersions',
    tag: 'Pairs',
    summary: 'Lists all configurations that a pair has had, the newest first',
    access: 'viewer',
    params: ofPair,
    query: pageQuery(idOf),
    answers: { 200: json('A page of versions.', pageOf(version)) },
    async handle({ caller, params, query }) {
      return reply(200, mapPage(await pairs.versions(caller, params.name, pageOfQuery(query)), versionJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/pause',
    id: 'pausePair',
    tag: 'Pairs',
    summary: 'Pauses a pair until someone resumes it',
    access: 'manager',
    params: ofPair,
    body: jsonBody(z.strictObject({ reason: textOf(500).default('by hand') }), { isRequired: false }),
    answers: { 202: json('The pair.', pair) },
    async handle({ caller, params, body }) {
      return reply(202, pairJson(await pairs.pause(caller, params.name, body.reason)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/pairs/{name}/resume',
    id: 'resumePair',
    tag: 'Pairs',
    summary: 'Resumes a paused pair',
    access: 'manager',
    params: ofPair,
    answers: { 202: json('The pair.', pair) },
    async handle({ caller, params }) {
      return reply(202, pairJson(await pairs.resume(caller, params.name)));
    },
  }),
];

type GivenPair = z.output<typeof newPair> | z.output<typeof changedPair>;

function inputOf(name: string, { mode: asked, ...given }: GivenPair) {
  const left = Object.entries(given).filter(
    ([key]) => key !== 'name' && !readOnlyMembers.some((one) => one === key),
  );
  return { name, mode: asked ?? null, config: z.json().parse(Object.fromEntries(left)) };
}

const withTag = <const Status extends number>(status: Status, one: PairEntry) =>
  reply(status, pairJson(one), { ETag: `"${one.version}"` });

const ends = z.looseObject({
  here: z.looseObject({ system: z.string() }),
  there: z.looseObject({ system: z.string() }),
});

const pairJson = ({ name, config, mode: modeNow, version: count, createdAt, ...rest }: PairEntry) => ({
  ...ends.parse(config),
  name,
  mode: modeNow,
  version: count,
  paused: pausedJson(rest),
  createdAt,
});

export const pausedJson = ({
  pausedAt,
  pausedReason,
  pausedBy,
}: Pick<PairEntry, 'pausedAt' | 'pausedReason' | 'pausedBy'>) =>
  pausedAt === null ? null : { ...readPauseReason(pausedReason ?? ''), since: pausedAt, by: pausedBy };

const versionJson = ({ config, ...rest }: PairConfigVersion) => ({
  ...rest,
  config: z.record(z.string(), z.unknown()).parse(config),
});
