import type { Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import { channels } from '../../../shared/domain/channel';
import { badRequest, invalidFields, notFound } from '../../../shared/errors/catalog';
import { alsoAs, json, jsonBody, pageOf, pathParameter } from '../../http/operation';
import { logGaps } from '../../http/report-shape';
import { reply, type Route, sent } from '../../http/route';
import type { LogService } from '../services/logs';
import { idParameter, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const defaultLimit = 100;
const maxJsonLimit = 10_000;

const time = z
  .string()
  .refine(isTime, 'is no time, e.g. 2026-11-20, 2026-11-20T07:31:00 or 2026-11-20T07:31:00Z')
  .meta({ examples: ['2026-11-20'] });
const logId = z
  .string()
  .regex(/^(-1|\d{1,18})$/, 'is no id')
  .meta({ examples: ['8379'] });
const arrivalCursor = z
  .string()
  .regex(/^\d{1,18}(-\d{1,19})?$/, 'is no place in the order of arrival')
  .meta({ examples: ['17-8379'] });
const query = z.object({
  after: logId.optional().meta({ description: 'Only readings with a greater Id.' }),
  cursor: logId.optional().meta({ description: '`next` of the page before; the same as `after`.' }),
  receivedAfter: arrivalCursor.optional().meta({
    description:
      'Readings in the order in which they arrived, whatever their Id: `0` for all, then the `next` of the response before. ' +
      '`next` is then never null: keep it, and call again whenever there may be more. Only for JSON, and without `after`, `from`, `to`.',
  }),
  from: time.optional().meta({
    description:
      "Only readings measured at this time or later. Without an offset it is in the solution's time zone; 422 if that is unknown.",
  }),
  to: time
    .optional()
    .meta({ description: 'Only readings measured before this time.', examples: ['2026-11-21'] }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .meta({
      description: `JSON: ${defaultLimit} if absent, at most ${maxJsonLimit}. CSV: all.`,
    }),
  format: z.enum(['json', 'csv']).default('json'),
  cells: z.enum(['safe', 'exact']).default('safe').meta({
    description:
      'CSV: `safe` puts an apostrophe before a text that a spreadsheet would take for a formula; `exact` leaves the text as it is.',
  }),
  for: z.enum(['excel']).optional().meta({
    description:
      "CSV: for a French Excel, with `;`, decimal commas, 1 and 0, times in the solution's time zone and a byte order mark; formulas are always made safe.",
  }),
});

const tableParameter = pathParameter(
  z
    .string()
    .meta({ description: 'For example `Tbfridge`; case does not count.', examples: ['Tbfridge'] })
    .transform((name, context): LogTable => {
      const found = findLogTable(name);
      if (found !== undefined) return found;
      context.addIssue({ code: 'custom', message: 'is no table' });
      return z.NEVER;
    }),
  () => notFound('log table'),
);
const log = z.looseObject({ Id: z.string() }).meta({
  id: 'LogRow',
  description:
    'A reading: `Id`, the columns of the table as docs/catalogue.md lists them, and further columns that the solution sent. With `receivedAfter` it also has `receivedAt`, the time when the server received it; null if no time was recorded then.',
  examples: [
    {
      Id: '8379',
      MeasuredAt: '2026-11-20T07:31:00.000Z',
      UserName: 'Anaïs',
      FridgeName: 'Chambre froide 1',
      Temp: 3.5,
    },
  ],
});

const tableGaps = logGaps
  .extend({ table: z.string().meta({ examples: ['Tbfridge'] }), channel: z.enum(channels) })
  .meta({ id: 'LogGaps' });

const losses = z.strictObject({
  reason: textOf(1_000)
    .optional()
    .meta({ description: 'The reason for the audit trail.', examples: ['The disk failed; no backup.'] }),
});
const acceptedLosses = z
  .object({
    lost: z.string().meta({ description: 'The number of rows that were gone.', examples: ['2'] }),
    unknown: z.string().meta({ description: 'The number of rows that no upload brought.', examples: ['0'] }),
  })
  .meta({ id: 'AcceptedLosses' });

export const createLogRoutes = (logs: LogService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/logs/{table}',
    id: 'listLogs',
    tag: 'Logs',
    summary: 'Lists readings by Id, or exports them as CSV',
    description: 'The CSV is streamed: it may be as long as the table.',
    access: 'viewer',
    params: { id: idParameter('solution'), table: tableParameter },
    query,
    problems: { 422: ['invalid-fields'] },
    answers: { 200: alsoAs(json('A page of readings, or the export.', pageOf(log)), ['text/csv']) },
    async handle({ response, caller, params: { id: solutionId, table }, query: asked }) {
      const wanted = {
        solutionId,
        table,
        afterId: asked.after ?? asked.cursor ?? '-1',
        from: asked.from ?? null,
        to: asked.to ?? null,
      };
      if (asked.for === 'excel' && asked.format !== 'csv') throw badRequest('for=excel needs format=csv.');
      if (asked.receivedAfter !== undefined) {
        refuseBeside(asked);
        const size = Math.min(asked.limit ?? defaultLimit, maxJsonLimit);
        const [arrival = '', id = '-1'] = asked.receivedAfter.split('-');
        const { items, next } = await logs.listArrived(caller, wanted, { arrival, id }, size);
        return reply(200, { items, next: `${next.arrival}${next.id === '-1' ? '' : `-${next.id}`}` });
      }
      if (asked.format === 'json') {
        const size = Math.min(asked.limit ?? defaultLimit, maxJsonLimit);
        return reply(200, await logs.list(caller, wanted, size));
      }
      const cells = {
        limit: asked.limit ?? Infinity,
        areExact: asked.cells === 'exact',
        isForExcel: asked.for === 'excel',
      };
      const pieces = await logs.exportCsv(caller, wanted, cells);
      return sendCsv(response, `${table.name}-${solutionId}.csv`, pieces);
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/solutions/{id}/logs/{table}/accept-losses',
    id: 'acceptLosses',
    tag: 'Logs',
    summary: 'Accepts that stored readings are lost',
    description:
      'Rows that the last check of the books found gone count as declared absent from then on, and rows that no upload brought are accepted as they are. A row that arrives later is still stored.',
    access: 'manager',
    params: { id: idParameter('solution'), table: tableParameter },
    body: jsonBody(losses, { isRequired: false }),
    answers: { 200: json('The numbers of rows; 0 if nothing was in doubt.', acceptedLosses) },
    async handle({ caller, params: { id: solutionId, table }, body }) {
      const reason = body.reason ?? null;
      return reply(200, await logs.acceptLosses(caller, { solutionId, table, reason }));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/solutions/{id}/gaps',
    id: 'listGaps',
    tag: 'Logs',
    summary: 'Lists the ids that never arrived, for every log in which some are missing',
    description:
      'The ids lie between the lowest and the highest id that arrived. Rows in quarantine count as arrived.',
    access: 'viewer',
    params: { id: idParameter('solution') },
    answers: { 200: json('The missing ids.', z.object({ items: z.array(tableGaps) })) },
    async handle({ caller, params }) {
      const items = await logs.gaps(caller, params.id);
      return reply(200, {
        items: items.map(({ table: { name, channel }, missing, ranges }) => ({
          ...{ table: name, channel, missing },
          ranges: ranges.map(([first, last]): [string, string] => [first, last]),
        })),
      });
    },
  }),
];

/** In the order of arrival there is no other order, and nothing is left out. */
function refuseBeside(asked: z.output<typeof query>): void {
  const conflicting = (['after', 'cursor', 'from', 'to'] as const).filter(
    (name) => asked[name] !== undefined,
  );
  const others = asked.format === 'csv' ? [...conflicting, 'format'] : conflicting;
  if (others.length === 0) return;
  throw invalidFields(
    others.map((field) => ({ field, fault: { code: 'other', text: 'does not go with receivedAfter' } })),
  );
}

async function sendCsv(
  response: Response,
  name: string,
  pieces: AsyncGenerator<string>,
): Promise<typeof sent> {
  response.setHeader('Content-Type', 'text/csv; charset=utf-8');
  response.setHeader('Content-Disposition', `attachment; filename="${name}"`);
  await pipeline(Readable.from(pieces, { objectMode: false }), response).catch((error: unknown) => {
    // The reader has disconnected, so nobody can get the error.
    if (!response.destroyed) throw error;
  });
  return sent;
}

/** ISO 8601 with a day that there is; PostgreSQL would refuse others with an error that is not the caller's to read. */
function isTime(text: string): boolean {
  const match =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-](?:0\d|1[0-5]):?[0-5]\d)?)?$/i.exec(
      text,
    );
  if (match === null) return false;
  const [, day = '', minute = '00:00', second = ':00'] = match;
  const instant = new Date(`${day}T${minute}${second.slice(0, 3)}Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day) && !day.startsWith('0000');
}
