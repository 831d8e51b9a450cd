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
    readable: count.meta({
      description: 'The number of stored readings of other time zones that can be read again.',
    }),
    zones: z
      .array(z.object({ timezone: zoneName, readings: count }))
      .meta({ description: 'The time zones in which the `readable` readings were read.' }),
    unreadable: count.meta({
      description:
        'The number of stored readings that cannot be read again: some times of their upload had an offset and others had none, or the time zone in which they were read is unknown.',
      examples: ['0'],
    }),
    underWay: z
      .object({ timezone: zoneName, askedBy: z.string(), askedAt: instant, readings: count })
      .nullable()
      .meta({
        description:
          'Readings are being read again, `readings` of them so far. Null: nobody has requested it.',
      }),
  })
  .meta({ id: 'OtherZoneReadings' });

export const createOtherZoneRoutes = (otherZones: OtherZoneService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/other-zone-readings',
    id: 'getOtherZoneReadings',
    tag: 'Logs',
    summary: "Counts the readings that were read in another time zone than the solution's",
    description:
      'Times without an offset were read in the time zone that the solution had when they arrived.',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The numbers of readings.', otherZoneReadings) },
    async handle({ caller, params }) {
      return reply(200, otherZoneJson(await otherZones.look(caller, params.id)));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions/{id}/other-zone-readings',
    id: 'readTimesAnew',
    tag: 'Logs',
    summary: "Has these readings read again in the solution's time zone",
    description:
      'A worker does it in portions. A client that reads with `receivedAfter` gets these readings again. Repeating the call changes nothing; if the time zone is changed again, the work stops.',
    access: 'manager',
    params: { id: idParameter('solution') },
    answers: { 202: json('The work is requested, if there are such readings.', otherZoneReadings) },
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
