import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { probeAlertKinds, probeAlertStates } from '../../../shared/domain/probe-alert';
import type { ProbeAlert } from '../../../shared/stores/alerts/alert-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { AlertService } from '../services/alerts';
import { bigIdParameter, pageOfQuery, solutionKey, textOf } from '../http/request-fields';
import { filterByState, queryOfSolution } from './listed-by-state';
import { staffRoute } from './staff-route';

const query = queryOfSolution.extend({
  state: z
    .enum([...probeAlertStates, 'all'])
    .default('open')
    .meta({
      description: '`open` includes escalated alerts.',
    }),
  kind: z.enum(probeAlertKinds).optional(),
  acknowledged: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});
const acknowledgement = z.strictObject({
  comment: textOf(2000)
    .nullish()
    .meta({ examples: ['Door left open; the goods were moved.'] }),
});
const alert = z
  .object({
    id: z.string().meta({ examples: ['31'] }),
    solution: solutionKey,
    probeId: z.string().meta({ examples: ['P1'] }),
    kind: z.enum(probeAlertKinds),
    state: z.enum(probeAlertStates),
    fridgeName: z
      .string()
      .nullable()
      .meta({
        description: 'The name when the alert was opened. Null: the probe was in no fridge.',
        examples: ['Chambre froide 1'],
      }),
    limit: z
      .number()
      .nullable()
      .meta({
        description: 'In °C, or in % for a battery. Null for a lost signal.',
        examples: [4],
      }),
    worst: z
      .number()
      .nullable()
      .meta({ description: "In the limit's unit.", examples: [7.5] }),
    delayMinutes: z
      .number()
      .int()
      .meta({ examples: [30] }),
    since: instant.meta({
      description: 'The time of the first reading out of limits; for a lost signal, of the last reading.',
    }),
    openedAt: instant,
    escalatedAt: instant.nullable(),
    closedAt: instant.nullable(),
    recordedAt: instant.meta({ description: "By the server's clock." }),
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.string().nullable(),
    comment: z.string().nullable(),
  })
  .meta({ id: 'Alert' });

export const createAlertRoutes = (alerts: AlertService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/alerts',
    id: 'listAlerts',
    tag: 'Alerts',
    summary: 'Lists probe alerts, the newest first',
    access: 'viewer',
    query,
    answers: { 200: json('A page of alerts.', pageOf(alert)) },
    problems: { 404: ['not-found'] },
    async handle({ caller, query }) {
      const filter = {
        ...filterByState(query),
        kind: query.kind ?? null,
        isAcknowledged: query.acknowledged ?? null,
      };
      const page = await alerts.list(caller, filter, pageOfQuery(query));
      return reply(200, mapPage(page, alertJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/alerts/{id}/acknowledge',
    id: 'acknowledgeAlert',
    tag: 'Alerts',
    summary: 'Says that someone has seen the alert',
    description:
      'The alert closes when the probe is back within its limits. The first acknowledgement stays.',
    access: 'manager',
    params: { id: bigIdParameter('alert') },
    body: jsonBody(acknowledgement, { isRequired: false }),
    answers: { 200: json('The alert.', alert) },
    async handle({ caller, params, body }) {
      return reply(200, alertJson(await alerts.acknowledge(caller, params.id, body.comment ?? null)));
    },
  }),
];

const alertJson = ({ solutionId, ...alert }: ProbeAlert) => ({ ...alert, solution: String(solutionId) });
