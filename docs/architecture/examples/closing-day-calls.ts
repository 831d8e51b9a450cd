import { z } from 'zod';
import { idParameter, textOf } from '../../../api/backoffice/http/request-fields';
import { staffRoute } from '../../../api/backoffice/rest/staff-route';
import { json, jsonBody } from '../../../api/http/operation';
import { reply, type Route } from '../../../api/http/route';
import type { ClosingDayService } from './closing-day-service';

const closingDay = z.strictObject({
  day: z.iso.date().meta({ examples: ['2026-12-25'] }),
  reason: textOf(200).meta({ examples: ['Christmas'] }),
});

export const createClosingDayRoutes = (closingDays: ClosingDayService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/closing-days',
    id: 'listClosingDays',
    tag: 'Solutions',
    summary: 'Lists the days on which a kitchen is closed, the earliest first',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The days.', z.object({ items: z.array(closingDay) })) },
    async handle({ caller, params }) {
      return reply(200, { items: await closingDays.list(caller, params.id) });
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions/{id}/closing-days',
    id: 'addClosingDay',
    tag: 'Solutions',
    summary: 'Adds a day on which a kitchen is closed',
    access: 'manager',
    params: { id: idParameter('solution') },
    body: jsonBody(closingDay),
    answers: { 201: json('The day.', closingDay) },
    problems: { 409: ['already-exists'] },
    async handle({ caller, params, body }) {
      await closingDays.add(caller, params.id, body);
      return reply(201, body);
    },
  }),
];
