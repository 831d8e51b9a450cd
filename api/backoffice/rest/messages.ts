import { z } from 'zod';
import { isQualitative, resultOperators, verdicts } from '../../../shared/domain/lab-result';
import { messageKinds } from '../../../shared/domain/message';
import { mapPage } from '../../../shared/domain/page';
import type { Message } from '../../../shared/stores/messages/message-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { MessageService } from '../services/messages';
import { analysesBody } from './analyses';
import { idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const maxBodyLength = 10_000;
const messageCursor = z
  .string()
  .regex(/^-\d{1,18}$/, 'is no cursor')
  .meta({ examples: ['-17'] });
const newMessage = z.strictObject({
  subject: textOf(200).meta({ examples: ['Rappel de lot'] }),
  body: textOf(maxBodyLength).meta({ examples: ['Retirez le lot L123 de la vente.'] }),
});
const message = z
  .object({
    id: z.string().meta({ description: 'Below zero: as it is on the wire.', examples: ['-17'] }),
    kind: z.enum(messageKinds),
    sender: z.string().meta({ examples: ['claire@example.org'] }),
    subject: z.string().meta({ examples: ['Rappel de lot'] }),
    body: z.string().meta({ examples: ['Retirez le lot L123 de la vente.'] }),
    measuredAt: instant.nullable().meta({ description: 'When what it tells of was.' }),
    isConform: z.boolean().nullable(),
    sentAt: instant,
    deliveredAt: instant.nullable().meta({ description: 'When the solution confirmed that it has it.' }),
    readAt: instant.nullable().meta({ description: "By the solution's clock." }),
    failures: z
      .number()
      .int()
      .meta({ description: 'In a row.', examples: [0] }),
    failureReason: z.string().nullable(),
    isParked: z.boolean().meta({ description: 'It failed too often: it goes into no package any more.' }),
    digest: z
      .string()
      .nullable()
      .meta({ description: 'The message that tells it in its place, where many alerts waited.' }),
    digestOf: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'Of such a digest: how many alerts it tells of.' }),
    sample: z.string().optional().meta({ description: 'This and what follows: of an analysis.' }),
    germ: z.string().optional(),
    operator: z.enum(resultOperators).optional(),
    value: z.number().nullable().optional().meta({ description: 'null: of an absence or presence.' }),
    quantity: z
      .number()
      .nullable()
      .optional()
      .meta({ description: 'Of an absence or presence: how much was examined, in `unit`; else null.' }),
    unit: z.string().nullable().optional(),
    m: z.number().nullable().optional().meta({ description: 'null: the criterion is absence.' }),
    M: z.number().nullable().optional(),
    verdict: z.enum(verdicts).optional(),
  })
  .meta({ id: 'Message' });

const ofOneSolution = { tag: 'Messages', params: { id: idParameter('solution') } } as const;

export const createMessageRoutes = (messages: MessageService): Route[] => [
  staffRoute({
    ...ofOneSolution,
    method: 'get',
    path: '/api/solutions/{id}/messages',
    id: 'listMessages',
    summary: 'Lists what a solution was told, the newest first, with its receipts',
    access: 'viewer',
    query: pageQuery(messageCursor),
    answers: { 200: json('A page of messages.', pageOf(message)) },
    async handle({ caller, params, query }) {
      return reply(200, mapPage(await messages.list(caller, params.id, pageOfQuery(query)), messageJson));
    },
  }),
  staffRoute({
    ...ofOneSolution,
    method: 'post',
    path: '/api/solutions/{id}/messages',
    id: 'sendMessage',
    summary: 'Sends a message',
    description: 'It goes down with the next package of `messagerie`.',
    access: 'manager',
    body: jsonBody(newMessage),
    answers: { 201: json('The message.', message) },
    async handle({ caller, params, body }) {
      return reply(201, messageJson(await messages.send(caller, params.id, body)));
    },
  }),
  staffRoute({
    ...ofOneSolution,
    method: 'post',
    path: '/api/solutions/{id}/analyses',
    id: 'sendAnalyses',
    summary: 'Sends lab results',
    description:
      'One, several, or a CSV table with a header row; all or none. Each is judged by its limits m and M, and goes down on `messagerie`.',
    access: 'manager',
    body: analysesBody,
    answers: {
      201: json(
        'What was sent: one message where one JSON object came, else `items`.',
        z.union([message, z.object({ items: z.array(message) })]),
      ),
    },
    problems: { 422: ['invalid-fields'] },
    async handle({ caller, params, body: { analyses, isOne } }) {
      const items = (await messages.sendAnalyses(caller, params.id, analyses)).map(messageJson);
      const [first] = items;
      return reply(201, isOne && first !== undefined ? first : { items });
    },
  }),
];

const messageJson = ({ result, digestId, ...message }: Message) => ({
  ...message,
  digest: digestId,
  ...(result === null ? {} : resultJson(result)),
});

const resultJson = ({
  limitSatisfactory,
  limitAcceptable,
  value,
  ...result
}: Exclude<Message['result'], null>) => ({
  ...result,
  value: isQualitative(result.operator) ? null : value,
  quantity: isQualitative(result.operator) ? value : null,
  m: limitSatisfactory,
  M: limitAcceptable,
});
