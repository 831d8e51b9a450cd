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
    file: z
      .string()
      .meta({ description: 'The name of the file in the package.', examples: ['csv/Tbfridge-r.csv'] }),
    failures: z
      .number()
      .int()
      .meta({ description: 'How often in a row the solution failed to apply it.', examples: [1] }),
    failureReason: z.string().nullable(),
    isParked: z
      .boolean()
      .meta({ description: 'True: it is not sent again until the flag is set again.', examples: [false] }),
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
      'The flag stays until a sync has honoured it and the solution has confirmed that sync. `reset-status` takes effect at once and is not kept.',
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
    summary: 'Clears a flag',
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
    summary: 'Lists the classes and tables that the solution has to replace and has not replaced yet',
    description: 'Every package contains them until they are confirmed; after five failures they are parked.',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The replacements.', z.object({ items: z.array(replacement).readonly() })) },
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
      'The flag is set for the named solutions, or for all that a filter finds. It is set for all or for none: a solution that the caller does not see is `not-found`.',
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
