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
    id: z.string().meta({ description: 'Below zero, as in the protocol.', examples: ['-17'] }),
    kind: z.enum(messageKinds),
    sender: z.string().meta({ examples: ['claire@example.org'] }),
    subject: z.string().meta({ examples: ['Rappel de lot'] }),
    body: z.string().meta({ examples: ['Retirez le lot L123 de la vente.'] }),
    measuredAt: instant.nullable().meta({ description: 'The time of the event that the message is about.' }),
    isConform: z.boolean().nullable(),
    sentAt: instant,
    deliveredAt: instant.nullable().meta({ description: 'When the solution confirmed the message.' }),
    readAt: instant.nullable().meta({ description: "By the solution's clock." }),
    failures: z
      .number()
      .int()
      .meta({ description: 'How many deliveries in a row failed.', examples: [0] }),
    failureReason: z.string().nullable(),
    isParked: z.boolean().meta({
      description: 'True: the delivery failed too often, and no package contains the message any more.',
    }),
    digest: z
      .string()
      .nullable()
      .meta({ description: 'The digest that was sent in its place, if many alerts waited.' }),
    digestOf: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'For such a digest: the number of its alerts.' }),
    sample: z
      .string()
      .optional()
      .meta({ description: 'This member and the following ones belong to a lab result.' }),
    germ: z.string().optional(),
    operator: z.enum(resultOperators).optional(),
    value: z.number().nullable().optional().meta({ description: 'Null for an absence or presence.' }),
    quantity: z.number().nullable().optional().meta({
      description: 'For an absence or presence: the amount that was examined, in `unit`; else null.',
    }),
    unit: z.string().nullable().optional(),
    m: z.number().nullable().optional().meta({ description: 'Null: the criterion is absence.' }),
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
    summary: 'Lists the messages to a solution, the newest first, with their receipts',
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
    description: 'The solution gets it with the next package of `messagerie`.',
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
      'One result, several, or a CSV table with a header row; all are accepted or none. Each is judged by its limits m and M and sent on `messagerie`.',
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
