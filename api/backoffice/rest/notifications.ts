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
      'sync-failed: an upload could not be processed. solution-stale: no finished sync for `staleHours`. approval-waiting: so much was deleted, changed or replaced that a person must decide. probe-alert: a probe is out of its limits or silent.',
    examples: [['sync-failed', 'approval-waiting']],
  });
const staleHours = z
  .number()
  .int()
  .min(1)
  .max(8760)
  .meta({ examples: [24] });
const language = z.enum(mailLanguages).meta({ description: 'The language of the mails.', examples: ['fr'] });

const newTarget = z.strictObject({
  account: idOf.nullable().meta({ description: 'Null: notifications of every account; only for admins.' }),
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
  paused: z
    .boolean()
    .optional()
    .meta({ description: 'While the target is paused, it gets no new notifications.' }),
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
    late: z
      .number()
      .meta({ description: 'How many notifications failed and will be tried again.', examples: [0] }),
    parked: z.number().meta({ description: 'How many notifications were given up.', examples: [0] }),
    confirmedAt: instant.nullable().meta({
      description:
        'Null: the owner of the e-mail address has not confirmed it yet, and nothing is sent there. A webhook needs no confirmation.',
    }),
    createdAt: instant,
  })
  .meta({ id: 'NotificationTarget' });

const secret = z.string().meta({
  description: 'The secret that signs the calls of a webhook. It is shown only once.',
  examples: ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDpb0UKYX0Ecg='],
});
const createdTarget = target.extend({ secret: secret.nullable() }).meta({ id: 'CreatedNotificationTarget' });

const notification = z
  .object({
    id: z.guid().meta({ description: 'The id that a webhook gets as `webhook-id`.' }),
    event: z.enum(notificationTypes).meta({
      description:
        'One of the events; or test, which a user requested; or confirm-address, the mail that asks the owner of an e-mail address to confirm it.',
    }),
    solution: z.string().nullable(),
    occurredAt: instant,
    state: z
      .enum(notificationStates)
      .meta({ description: 'parked: given up, until someone requests another attempt.' }),
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
    summary: 'Lists the notification targets',
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
    summary: 'Adds a notification target: an e-mail address or a webhook',
    description:
      'The owner of an e-mail address is asked by mail first: nothing else is sent there until the link in that mail has been opened and confirmed.',
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
    summary: 'Returns a notification target',
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
    summary: 'Changes a notification target',
    description:
      'Absent members stay as they are. A changed e-mail address has to be confirmed, as a new one has.',
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
    summary: 'Removes a notification target',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 204: noContent('The target and its waiting notifications are removed.') },
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
    description: `For ${secretOverlapHours} hours, calls carry two signatures, by the new secret and by the old one.`,
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
    description: 'Within ten minutes, at most 10 tests for each user and 20 for each account.',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 202: json('The notification is sent within seconds.', z.object({ notification: uuid })) },
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
    summary: 'Asks the owner of an e-mail address again to confirm it',
    description:
      'The mail has a link that works once, within three days. The links of earlier mails work as well.',
    access: 'manager',
    params: { id: targetParameter },
    answers: { 202: json('The mail is sent within seconds.', z.object({ notification: uuid })) },
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
    summary: 'Lists the notifications of a target: delivered, waiting and given up',
    description: 'The newest first. Delivered notifications are kept for 30 days.',
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
    summary: 'Tries a notification again that was given up',
    access: 'manager',
    params: { id: notificationParameter },
    answers: { 204: noContent('The next attempt follows within seconds.') },
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
