import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { json, jsonBody, noContent } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import type { FlagService, Selection } from '../services/flags';
import { channelParameter, flagParameter, idOf, idParameter } from '../http/request-fields';
import { filterOf, solutionFilter } from './solutions';
import { staffRoute } from './staff-route';

const ids = z
  .array(idOf)
  .min(1)
  .max(100_000)
  .meta({ examples: [['12', '13']] });
// Strict: a misspelt member would otherwise select more than was meant.
const filter = solutionFilter.strict();
const many = z.union([
  z.strictObject({ channel: z.enum(channels), solutions: z.union([ids, filter]) }),
  z.strictObject({ channel: z.enum(channels), filter }),
]);

const replacement = z
  .object({
    channel: z.enum(channels),
    file: z.string().meta({ description: 'Its name in the package.', examples: ['csv/Tbfridge-r.csv'] }),
    failures: z
      .number()
      .int()
      .meta({ description: 'How often in a row the solution could not carry it out.', examples: [1] }),
    failureReason: z.string().nullable(),
    isParked: z
      .boolean()
      .meta({ description: 'It is not told again until it is asked for anew.', examples: [false] }),
  })
  .meta({ id: 'Replacement' });

const ofOneFlag = {
  path: '/api/solutions/{id}/channels/{channel}/flags/{flag}',
  tag: 'Flags',
  access: 'manager',
  params: { id: idParameter('solution'), channel: channelParameter, flag: flagParameter },
} as const;

export const createFlagRoutes = (flags: FlagService): Route[] => [
  staffRoute({
    ...ofOneFlag,
    method: 'put',
    id: 'setFlag',
    summary: 'Sets a flag on a channel of a solution',
    description:
      'It holds until a sync has honoured it and the solution has confirmed that sync. `reset-status` acts at once and is not kept.',
    answers: { 204: noContent('The flag is set; it may have been before.') },
    async handle({ caller, params: { id: solutionId, channel, flag } }) {
      await flags.set(caller, { solutionId, channel }, flag);
      return emptyReply(204);
    },
  }),
  staffRoute({
    ...ofOneFlag,
    method: 'delete',
    id: 'clearFlag',
    summary: 'Takes a flag back',
    answers: { 204: noContent('The flag is not set; it may not have been before.') },
    async handle({ caller, params: { id: solutionId, channel, flag } }) {
      await flags.clear(caller, { solutionId, channel }, flag);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/replacements',
    id: 'listReplacements',
    tag: 'Flags',
    summary: 'Lists the classes and tables that the solution was told to replace, and has not',
    description:
      'They come with every package until they are confirmed; after five failures they are parked.',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('All of them.', z.object({ items: z.array(replacement).readonly() })) },
    async handle({ caller, params }) {
      return reply(200, { items: await flags.replacements(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'put',
    path: '/api/flags/{flag}',
    id: 'setFlagOfMany',
    tag: 'Flags',
    summary: 'Sets a flag on a channel of many solutions',
    description:
      'Of those named, or of all that a filter finds. All or none: one that the caller does not see is `not-found`.',
    access: 'manager',
    params: { flag: flagParameter },
    body: jsonBody(many, { limit: '2mb' }),
    answers: { 204: noContent('The flag is set on all of them.') },
    async handle({ caller, params: { flag }, body }) {
      await flags.setMany(caller, selectionOf(body), body.channel, flag);
      return emptyReply(204);
    },
  }),
];

function selectionOf(body: z.output<typeof many>): Selection {
  const selected = 'filter' in body ? body.filter : body.solutions;
  return Array.isArray(selected) ? { ids: selected } : { filter: filterOf(selected) };
}
