import { z } from 'zod';
import { notFound } from '../../../shared/errors/catalog';
import type { Schedule } from '../../../shared/stores/jobs/schedule-store';
import { instant, json, jsonBody, pathParameter } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { ScheduleService } from '../services/schedules';
import { staffRoute } from './staff-route';

const kindParameter = pathParameter(
  z.string().meta({ description: 'The kind of work.', examples: ['upkeep.remove-expired-files'] }),
  () => notFound('schedule'),
);
const edit = z.strictObject({
  paused: z.boolean().meta({ description: 'Paused work does not run by itself.', examples: [true] }),
});
const schedule = z
  .object({
    kind: z.string().meta({ examples: ['upkeep.remove-expired-files'] }),
    cron: z.string().meta({ description: 'Five or six fields, in UTC.', examples: ['*/10 * * * *'] }),
    nextAt: instant.meta({ description: 'When the work is due next.' }),
    pausedAt: instant.nullable(),
    pausedBy: z
      .string()
      .nullable()
      .meta({ examples: ['admin@example.org'] }),
    startedAt: instant.nullable().meta({ description: 'The result of the last finished run.' }),
    endedAt: instant.nullable(),
    failure: z
      .string()
      .nullable()
      .meta({
        description: 'Why the last run failed. Null: it did not fail.',
        examples: ['connect ECONNREFUSED'],
      }),
    isOpen: z.boolean().meta({ description: 'True: a run waits or is in progress.' }),
  })
  .meta({ id: 'Schedule', description: 'Background work on a schedule; one worker runs it.' });

export const createScheduleRoutes = (schedules: ScheduleService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/schedules',
    id: 'listSchedules',
    tag: 'Operations',
    summary: 'Lists the schedules, with the result of each last run',
    access: 'admin',
    answers: { 200: json('All schedules.', z.object({ items: z.array(schedule) })) },
    async handle({ caller }) {
      return reply(200, { items: (await schedules.list(caller)).map(scheduleJson) });
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/schedules/{kind}',
    id: 'updateSchedule',
    tag: 'Operations',
    summary: 'Pauses or resumes a schedule',
    description: 'If the work was due while it was paused, it runs once when it is resumed.',
    access: 'admin',
    params: { kind: kindParameter },
    body: jsonBody(edit),
    answers: { 200: json('The schedule.', schedule) },
    async handle({ caller, params, body }) {
      return reply(200, scheduleJson(await schedules.setPaused(caller, params.kind, body.paused)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/schedules/{kind}/run',
    id: 'runSchedule',
    tag: 'Operations',
    summary: 'Runs the work of a schedule now, paused or not',
    description: 'If a run already waits or is in progress, no other is added.',
    access: 'admin',
    params: { kind: kindParameter },
    answers: { 202: json('The schedule.', schedule) },
    async handle({ caller, params }) {
      return reply(202, scheduleJson(await schedules.runNow(caller, params.kind)));
    },
  }),
];

const scheduleJson = (one: Schedule) => ({ ...one });
