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
  paused: z.boolean().meta({ description: 'Paused work is not run by itself.', examples: [true] }),
});
const schedule = z
  .object({
    kind: z.string().meta({ examples: ['upkeep.remove-expired-files'] }),
    cron: z.string().meta({ description: 'Five or six fields, in UTC.', examples: ['*/10 * * * *'] }),
    nextAt: instant.meta({ description: 'When it is due next.' }),
    pausedAt: instant.nullable(),
    pausedBy: z
      .string()
      .nullable()
      .meta({ examples: ['admin@example.org'] }),
    startedAt: instant.nullable().meta({ description: 'Of the last run that has ended.' }),
    endedAt: instant.nullable(),
    failure: z
      .string()
      .nullable()
      .meta({
        description: 'Why the last run failed; null: it did not.',
        examples: ['connect ECONNREFUSED'],
      }),
    isOpen: z.boolean().meta({ description: 'A run waits or is under way.' }),
  })
  .meta({ id: 'Schedule', description: 'Background work that comes due by itself; one worker runs it.' });

export const createScheduleRoutes = (schedules: ScheduleService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/schedules',
    id: 'listSchedules',
    tag: 'Operations',
    summary: 'Lists the work that comes due by itself, and how its last run went',
    access: 'admin',
    answers: { 200: json('All of it.', z.object({ items: z.array(schedule) })) },
    async handle({ caller }) {
      return reply(200, { items: (await schedules.list(caller)).map(scheduleJson) });
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/schedules/{kind}',
    id: 'updateSchedule',
    tag: 'Operations',
    summary: 'Pauses or resumes work that comes due by itself',
    description: 'What came due while it was paused is run once when it is resumed.',
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
    summary: 'Runs it now, paused or not',
    description: 'Where a run waits or is under way, that one is enough.',
    access: 'admin',
    params: { kind: kindParameter },
    answers: { 202: json('The schedule.', schedule) },
    async handle({ caller, params }) {
      return reply(202, scheduleJson(await schedules.runNow(caller, params.kind)));
    },
  }),
];

const scheduleJson = (one: Schedule) => ({ ...one });
