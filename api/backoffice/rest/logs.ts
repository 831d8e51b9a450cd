import { Router } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import { notFound } from '../../../shared/errors/catalog';
import { decode } from '../../http/decode';
import type { LogService } from '../services/logs';
import { callerOf } from './authentication';
import { pathId, pathText } from './parameters';

const time = z
  .string()
  .refine(isTime, 'is no time, e.g. 2026-11-20, 2026-11-20T07:31:00 or 2026-11-20T07:31:00Z');
const id = z.string().regex(/^(-1|\d{1,18})$/, 'is no id');
const limit = z.coerce.number().int().min(1);
const query = z.object({
  after: id.optional(),
  cursor: id.optional(),
  from: time.optional(),
  to: time.optional(),
  limit: limit.optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

const defaultLimit = 100;
const maxJsonLimit = 10_000;

export function createLogRoutes(logs: LogService): Router {
  const router = Router();

  router.get('/solutions/:id/logs/:table', async (request, response) => {
    const solutionId = pathId(request, 'solution');
    const decoded = decode(query, request.query);
    const table = tableOf(pathText(request, 'table'));
    const asked = {
      solutionId,
      table,
      afterId: decoded.after ?? decoded.cursor ?? '-1',
      from: decoded.from ?? null,
      to: decoded.to ?? null,
    };
    if (decoded.format === 'json') {
      const size = Math.min(decoded.limit ?? defaultLimit, maxJsonLimit);
      response.json(await logs.list(callerOf(request), asked, size));
      return;
    }
    const pieces = await logs.exportCsv(callerOf(request), asked, decoded.limit ?? Infinity);
    response.setHeader('Content-Type', 'text/csv; charset=utf-8');
    response.setHeader('Content-Disposition', `attachment; filename="${table.name}-${solutionId}.csv"`);
    await pipeline(Readable.from(pieces, { objectMode: false }), response).catch((error: unknown) => {
      // The reader went away: nobody is left to tell.
      if (!response.destroyed) throw error;
    });
  });

  return router;
}

function tableOf(name: string): LogTable {
  const table = findLogTable(name);
  if (table === undefined) throw notFound('log table');
  return table;
}

/** ISO 8601 with a day that there is; PostgreSQL would refuse others with an error that is not the caller's to read. */
function isTime(text: string): boolean {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(
    text,
  );
  if (match === null) return false;
  const [, day = '', minute = '00:00', second = ':00'] = match;
  const instant = new Date(`${day}T${minute}${second.slice(0, 3)}Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day) && !day.startsWith('0000');
}
