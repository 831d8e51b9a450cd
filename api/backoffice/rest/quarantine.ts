import { z } from 'zod';
import { channels } from '../../../shared/domain/channel';
import { mapPage } from '../../../shared/domain/page';
import { quarantineStates } from '../../../shared/domain/quarantine-state';
import type { QuarantinedItem } from '../../../shared/stores/syncs/quarantine-store';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import type { QuarantineService } from '../services/quarantine';
import { bigIdParameter, pageOfQuery, solutionKey, syncKey } from '../http/request-fields';
import { filterByState, queryOfSolution } from './listed-by-state';
import { staffRoute } from './staff-route';
import { replayProblems, startedSync } from './syncs';

const query = queryOfSolution.extend({
  sync: z.guid().optional(),
  state: z.enum([...quarantineStates, 'all']).default('open'),
});
/** `raw` is taken for `text`: that is its name in the list. */
const correction = z.strictObject({
  text: z
    .string()
    .nullish()
    .meta({
      description:
        'The text to process instead: one CSV row, one XML element or a whole file, like the item. If absent, the item is processed as it was sent.',
      examples: ['8380;2026-11-20 07:31:00;Anaïs;1;3,5'],
    }),
  raw: z.string().nullish().meta({ description: 'The same as `text`.', deprecated: true }),
});
const item = z
  .object({
    id: z.string().meta({ examples: ['4711'] }),
    solution: solutionKey,
    sync: syncKey,
    channel: z.enum(channels),
    kind: z.enum(['row', 'entity', 'file', 'photo']),
    subject: z
      .string()
      .nullable()
      .meta({ description: 'Class or table, if it is known.', examples: ['Tbfridge'] }),
    file: z
      .string()
      .meta({ description: 'The name of the file inside the package.', examples: ['csv/Tbfridge.csv'] }),
    line: z
      .number()
      .int()
      .nullable()
      .meta({ examples: [12] }),
    rowId: z
      .string()
      .nullable()
      .meta({ description: 'The id as the solution wrote it.', examples: ['8380'] }),
    code: z.string().meta({ examples: ['bad-value'] }),
    reason: z.string().meta({
      description: 'A sentence in English.',
      examples: ['Temp is "3,5°"; expected a number from -200 to 600 °C.'],
    }),
    reasonCode: z
      .string()
      .nullable()
      .meta({
        description:
          'The reason as a stable code, for texts in any language. Null: an earlier version stored the item.',
        examples: ['number-expected'],
      }),
    reasonValues: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({
        description:
          'The values in the sentence of the reason. Values that were sent are cut after 100 characters.',
        examples: [{ column: 'Temp', value: '3,5°', min: -200, max: 600, unit: '°C' }],
      }),
    header: z
      .string()
      .nullable()
      .meta({
        description: "The header row of a row's file.",
        examples: ['Id;MeasuredAt;UserName;IsConform;Temp'],
      }),
    raw: z
      .string()
      .nullable()
      .meta({
        description:
          'The text as it was sent. A large entity or file is cut; a cut file ends with the line `…`.',
        examples: ['8380;2026-11-20 07:31:00;Anaïs;1;3,5°'],
      }),
    state: z.enum(quarantineStates),
    createdAt: instant,
    seenCount: z
      .number()
      .int()
      .meta({
        description: 'How often the same item was sent while this one was open; it is not listed again.',
        examples: [1],
      }),
    lastSeenAt: instant
      .nullable()
      .meta({ description: 'When it was last sent. Null: it was sent only once.' }),
    decidedAt: instant.nullable(),
    decidedBy: z.string().nullable(),
  })
  .meta({ id: 'QuarantinedItem' });

export const createQuarantineRoutes = (quarantine: QuarantineService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/quarantine',
    id: 'listQuarantine',
    tag: 'Quarantine',
    summary: 'Lists rows, entities, files and photos that were refused, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of refused items.', pageOf(item)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query }) {
      const filter = {
        ...filterByState(query),
        syncId: query.sync ?? null,
      };
      const page = await quarantine.list(caller, filter, pageOfQuery(query));
      return reply(200, mapPage(page, itemJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/quarantine/{id}/discard',
    id: 'discardQuarantined',
    tag: 'Quarantine',
    summary: 'Discards an item',
    access: 'manager',
    params: { id: bigIdParameter('quarantined item') },
    answers: { 204: noContent('The item is kept, but no longer waits for a decision.') },
    problems: { 409: ['already-decided'] },
    async handle({ caller, params }) {
      await quarantine.discard(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/quarantine/{id}/replay',
    id: 'replayQuarantined',
    tag: 'Quarantine',
    summary: 'Processes an item again, as it is or corrected',
    description:
      'The item is processed as a package of its own: this needs the channel at 0 and starts a sync. If it is refused again, it becomes a new item.',
    access: 'manager',
    params: { id: bigIdParameter('quarantined item') },
    // A corrected file may be as large as this.
    body: jsonBody(correction, { limit: '16mb', isRequired: false }),
    answers: { 202: json('The sync that processes it.', startedSync) },
    problems: {
      ...replayProblems,
      409: ['already-decided', 'not-replayable'],
      422: ['bad-archive', 'invalid-fields'],
    },
    async handle({ caller, params, body: { text, raw } }) {
      const { syncId } = await quarantine.replay(caller, params.id, text ?? raw ?? null);
      return reply(202, { sync: syncId, statut: '1' as const });
    },
  }),
];

const itemJson = ({ solutionId, syncId, why, ...item }: QuarantinedItem) => ({
  ...item,
  reasonCode: why === null ? null : why.code,
  reasonValues: why === null ? null : { ...why.values },
  solution: String(solutionId),
  sync: syncId,
});
