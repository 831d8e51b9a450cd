import { z } from 'zod';
import {
  mailLanguages,
  notificationEvents,
  notificationStates,
  notificationTypes,
  secretOverlapHours,
  targetKinds,
} from '../../../shared/domain/notification';
import { mapPage } from '../../../shared/domain/page';
import { notFound } from '../../../shared/errors/catalog';
import type { Notification } from '../../../shared/stores/notifications/notification-store';
import type { NotificationTarget } from '../../../shared/stores/notifications/notification-target-store';
import { instant, json, jsonBody, noContent, pageOf, pathParameter } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import type { NotificationService } from '../services/notifications';
import { etagHeader, ifRevision } from './if-match';
import { idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const kind = z.enum(targetKinds).meta({ examples: ['webhook'] });
const address = textOf(2000).meta({
  description: 'A URL, or an e-mail address.',
  examples: ['https://example.org/hooks/epack'],
});
const events = z
  .array(z.enum(notificationEvents))
  .min(1)
  .transform((named) => [...new Set(named)])
  .meta({
    description:
      'sync-failed: an upload could not be processed. solution-stale: no finished sync for `staleHours`. approval-waiting: so much was deleted, changed or replaced that someone must decide. probe-alert: a probe is out of its limits, or silent.',
    examples: [['sync-failed', 'approval-waiting']],
  });
const staleHours = z
  .number()
  .int()
  .min(1)
  .max(8760)
  .meta({ examples: [24] });
const language = z.enum(mailLanguages).meta({ description: 'Of the mails.', examples: ['fr'] });

const newTarget = z.strictObject({
  account: idOf.nullable().meta({ description: 'Null: what happens in every account; for admins.' }),
  kind,
  address,
  events,
  staleHours: staleHours.default(24),
  language: language.default('en'),
});
const edit = z.strictObject({
  address: address.optional(),
  events: events.optional(),
  staleHours: staleHours.optional(),
  language: language.optional(),
  paused: z.boolean().optional().meta({ description: 'While it is paused, nothing new is noted for it.' }),
});

const target = z
  .object({
    id: z.string().meta({ examples: ['5'] }),
    account: z
      .string()
      .nullable()
      .meta({ examples: ['3'] }),
    kind,
    address: z.string(),
    events: z.array(z.enum(notificationEvents)).readonly(),
    staleHours: z.number(),
    language,
    paused: z.boolean(),
    late: z.number().meta({ description: 'How many failed, and are tried again.', examples: [0] }),
    parked: z.number().meta({ description: 'How many were given up.', examples: [0] }),
    confirmedAt: instant.nullable().meta({
      description:
        'null: the owner of the e-mail address has not said yes, and nothing goes there. A webhook needs no yes.',
    }),
    createdAt: instant,
  })
  .meta({ id: 'NotificationTarget' });

const secret = z.string().meta({
  description: 'Signs the calls of a webhook. Shown this once.',
  examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDpb0UKYX0Ecg='],
});
const createdTarget = target.extend({ secret: secret.nullable() }).meta({ id: 'CreatedNotificationTarget' });

const notification = z
  .object({
    id: z.guid().meta({ description: 'What a webhook gets as `webhook-id`.' }),
    event: z.enum(notificationTypes).meta({
      description:
        'Beside the events: test, which someone asked for; confirm-address, the mail that asks the owner of an e-mail address.',
    }),
    solution: z.string().nullable(),
    occurredAt: instant,
    state: z
      .enum(notificationStates)
      .meta({ description: 'parked: given up, until someone asks for another try.' }),
    attempts: z.number(),
    nextAttemptAt: instant.nullable(),
    lastError: z.string().nullable(),
    deliveredAt: instant.nullable(),
  })
  .meta({ id: 'Notification' });

const targetParameter = idParameter('notification target');
const uuid = z.guid().meta({ examples: ['0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] });
const notificationParameter = pathParameter(uuid, () => notFound('notification'));

export const createNotificationRoutes = (notifications: NotificationService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/notification-targets',
    id: 'listNotificationTargets',
    tag: 'Notifications',
    summary: 'Lists who is told of what',
    access: 'manager',
    query: pageQuery(idOf).extend({ account: idOf.optional() }),
    answers: { 200: json('A page of targets.', pageOf(target)) },
    async handle({ caller, query }) {
      const page = await notifications.list(caller, query.account ?? null, pageOfQuery(query));
      return reply(200, mapPage(page, targetJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/notification-targets',
    id: 'createNotificationTarget',
    tag: 'Notifications',
    summary: 'Adds an e-mail address or a webhook that is told',
    description:
      'The owner of an e-mail address is asked by mail first: nothing else goes there before the link in it was opened and confirmed.',
    access: 'manager',
    body: jsonBody(newTarget),
    answers: { 201: json('The target, and the secret of a webhook.', createdTarget) },
    problems: { 404: ['not-found'], 422: ['invalid-fields'], 429: ['too-many-requests'] },
    async handle({ caller, body: { account: accountId, ...input } }) {
      const created = await notifications.create(caller, { ...input, accountId });
      return reply(201, { ...targetJson(created.target), secret: created.secret });
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/notification-targets/{id}',
    id: 'getNotificationTarget',
    tag: 'Notifications',
    summary: 'Gives who is told of what',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 200: json('The target.', target, etagHeader) },
    async handle({ caller, params }) {
      return targetReply(await notifications.get(caller, params.id));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/notification-targets/{id}',
    id: 'updateNotificationTarget',
    tag: 'Notifications',
    summary: 'Changes who is told of what',
    description:
      'What is absent stays as it is. Another e-mail address has to be confirmed, as a new one has.',
    access: 'manager',
    params: { id: targetParameter },
    headers: ifRevision,
    body: jsonBody(edit),
    answers: { 200: json('The target.', target, etagHeader) },
    problems: { 412: ['stale'], 422: ['invalid-fields'], 429: ['too-many-requests'] },
    async handle({ caller, params, headers, body: { paused: isPaused, ...others } }) {
      const changes = { ...others, isPaused };
      return targetReply(await notifications.update(caller, params.id, changes, headers['if-match'] ?? null));
    },
  }),
  staffRoute({
    method: 'delete',
    path: '/api/notification-targets/{id}',
    id: 'deleteNotificationTarget',
    tag: 'Notifications',
    summary: 'Tells it nothing more',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 204: noContent('What waited for it is gone as well.') },
    async handle({ caller, params }) {
      await notifications.remove(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/notification-targets/{id}/secret',
    id: 'replaceWebhookSecret',
    tag: 'Notifications',
    summary: 'Gives a webhook a new secret',
    description: `For ${secretOverlapHours} hours calls carry two signatures, by the new secret and by the old one.`,
    access: 'manager',
    params: { id: targetParameter },
    answers: { 200: json('The new secret.', z.object({ secret })) },
    async handle({ caller, params }) {
      return reply(200, { secret: await notifications.replaceSecret(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/notification-targets/{id}/test',
    id: 'testNotificationTarget',
    tag: 'Notifications',
    summary: 'Sends it a notification of type `test`',
    description: 'Within ten minutes at most 10 for each user and 20 for each account.',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 202: json('It goes out within seconds.', z.object({ notification: uuid })) },
    problems: { 409: ['not-confirmed'], 429: ['too-many-requests'] },
    async handle({ caller, params }) {
      return reply(202, { notification: await notifications.test(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/notification-targets/{id}/confirmation',
    id: 'askForConfirmation',
    tag: 'Notifications',
    summary: 'Asks the owner of an e-mail address once more',
    description:
      'By a mail with a link that counts once, for three days. The links of earlier mails count as well.',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 202: json('The mail goes out within seconds.', z.object({ notification: uuid })) },
    problems: { 409: ['already-confirmed'], 429: ['too-many-requests'] },
    async handle({ caller, params }) {
      return reply(202, { notification: await notifications.askAgain(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/notification-targets/{id}/notifications',
    id: 'listNotifications',
    tag: 'Notifications',
    summary: 'Lists what it was told, what waits, and what was given up',
    description: 'The newest first. What was delivered is kept for 30 days.',
    access: 'manager',
    params: { id: targetParameter },
    query: pageQuery(uuid).extend({ state: z.enum(notificationStates).optional() }),
    answers: { 200: json('A page of notifications.', pageOf(notification)) },
    async handle({ caller, params, query }) {
      const filter = { targetId: params.id, state: query.state ?? null };
      const page = await notifications.listOf(caller, filter, pageOfQuery(query));
      return reply(200, mapPage(page, notificationJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/notifications/{id}/retry',
    id: 'retryNotification',
    tag: 'Notifications',
    summary: 'Tries again what was given up',
    access: 'manager',
    params: { id: notificationParameter },
    answers: { 204: noContent('It is tried within seconds.') },
    problems: { 409: ['not-replayable'] },
    async handle({ caller, params }) {
      await notifications.retry(caller, params.id);
      return emptyReply(204);
    },
  }),
];

const targetReply = (found: NotificationTarget) =>
  reply(200, targetJson(found), { ETag: `"${found.revision}"` });

const targetJson = ({ id, accountId, isPaused, revision: _, ...target }: NotificationTarget) => ({
  ...target,
  id: String(id),
  account: accountId === null ? null : String(accountId),
  paused: isPaused,
});

const notificationJson = ({ targetId: _, why: _why, solutionId, dueAt, ...notification }: Notification) => ({
  ...notification,
  solution: solutionId === null ? null : String(solutionId),
  nextAttemptAt: dueAt,
});
