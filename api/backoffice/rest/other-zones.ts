import { z } from 'zod';
import { type OtherZoneReadings, readableCount } from '../../../shared/domain/other-zone-readings';
import { instant, json } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import { idParameter } from '../http/request-fields';
import type { OtherZoneService } from '../services/other-zones';
import { staffRoute } from './staff-route';

const count = z.string().meta({ description: 'A decimal number.', examples: ['1440'] });
const zoneName = z.string().meta({ examples: ['Europe/Paris'] });

export const otherZoneReadings = z
  .object({
    timezone: z.string().meta({ description: "The solution's time zone.", examples: ['Indian/Reunion'] }),
    readable: count.meta({ description: 'Stored readings of other zones that can be read anew.' }),
    zones: z.array(z.object({ timezone: zoneName, readings: count })).meta({ description: 'Of `readable`.' }),
    unreadable: count.meta({
      description:
        'Stored readings that cannot: some times of their upload had an offset and others had none, or nobody knows in which zone they were read.',
      examples: ['0'],
    }),
    underWay: z
      .object({ timezone: zoneName, askedBy: z.string(), askedAt: instant, readings: count })
      .nullable()
      .meta({
        description: 'They are being read anew, `readings` of them so far; null: nobody has asked for that.',
      }),
  })
  .meta({ id: 'OtherZoneReadings' });

export const createOtherZoneRoutes = (otherZones: OtherZoneService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/other-zone-readings',
    id: 'getOtherZoneReadings',
    tag: 'Logs',
    summary: "Tells how many readings stand in another time zone than the solution's",
    description: 'Times without an offset were read in the time zone that the solution had when they came.',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('How many there are.', otherZoneReadings) },
    async handle({ caller, params }) {
      return reply(200, otherZoneJson(await otherZones.look(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions/{id}/other-zone-readings',
    id: 'readTimesAnew',
    tag: 'Logs',
    summary: "Has them read anew in the solution's time zone",
    description:
      'A worker does it in portions. What was read anew comes again to whoever reads with `receivedAfter`. Asking again changes nothing; once the time zone is changed again, no more is read.',
    access: 'manager',
    params: { id: idParameter('solution') },
    answers: { 202: json('It has been asked for, where there are any.', otherZoneReadings) },
    async handle({ caller, params }) {
      return reply(202, otherZoneJson(await otherZones.readAnew(caller, params.id)));
    },
  }),
];

export const otherZoneJson = (found: OtherZoneReadings): z.input<typeof otherZoneReadings> => ({
  timezone: found.timezone,
  readable: String(readableCount(found)),
  zones: found.readable.map(({ timezone, readings }) => ({ timezone, readings: String(readings) })),
  unreadable: String(found.unreadable),
  underWay: found.request === null ? null : { ...found.request, readings: String(found.request.readings) },
});
