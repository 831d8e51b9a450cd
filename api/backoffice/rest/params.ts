import { type Request, Router } from 'express';
import { z } from 'zod';
import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import { mapPage } from '../../../shared/domain/page';
import { badRequest, notFound } from '../../../shared/errors/catalog';
import type { Param, ParamVersion } from '../../../shared/stores/param-store';
import { decode } from '../../http/decode';
import type { EntityKey, ParamService } from '../services/params';
import { callerOf } from './authentication';
import { pageOfQuery, pageQuery, pathId, pathText, textOf } from './parameters';

const entityCursor = textOf(64);
const versionCursor = z
  .string()
  .regex(/^\d{1,9}$/, 'is no cursor')
  .transform(Number);
const body = z.strictObject({ fields: z.record(z.string(), z.unknown()) });

export function createParamRoutes(params: ParamService): Router {
  const router = Router();

  router.get('/solutions/:id/params/:class', async (request, response) => {
    const key = { solutionId: pathId(request, 'solution'), parameterClass: pathClass(request) };
    const page = pageOfQuery(decode(pageQuery(entityCursor), request.query));
    response.json(mapPage(await params.list(callerOf(request), key, page), paramJson));
  });

  router.put('/solutions/:id/params/:class/:entity', async (request, response) => {
    const { fields } = decode(body, request.body ?? {});
    const written = await params.put(callerOf(request), entityKey(request), fields, ifMatchOf(request));
    response.setHeader('ETag', `"${written.param.version}"`);
    response.status(written.isNew ? 201 : 200).json(paramJson(written.param));
  });

  router.delete('/solutions/:id/params/:class/:entity', async (request, response) => {
    await params.delete(callerOf(request), entityKey(request), ifMatchOf(request));
    response.status(204).end();
  });

  router.get('/solutions/:id/params/:class/:entity/history', async (request, response) => {
    const page = pageOfQuery(decode(pageQuery(versionCursor), request.query));
    response.json(mapPage(await params.history(callerOf(request), entityKey(request), page), versionJson));
  });

  return router;
}

function pathClass(request: Request): ParameterClass {
  const parameterClass = findParameterClass(pathText(request, 'class'));
  if (parameterClass === undefined) throw notFound('parameter class');
  return parameterClass;
}

const entityKey = (request: Request): EntityKey => ({
  solutionId: pathId(request, 'solution'),
  parameterClass: pathClass(request),
  id: pathText(request, 'entity'),
});

/** The version that an edit is based on; null: whichever it is. */
function ifMatchOf(request: Request): number | null {
  const header = request.get('if-match');
  if (header === undefined || header === '*') return null;
  const version = /^"?(\d{1,9})"?$/.exec(header)?.[1];
  if (version === undefined) throw badRequest('If-Match: a version, e.g. "3"');
  return Number(version);
}

const paramJson = (param: Param) => ({
  id: param.id,
  idServer: param.idServer,
  fields: param.fields,
  isActive: param.isActive,
  version: param.version,
  updatedAt: param.updatedAt,
  updatedBy: param.updatedBy,
  isDue: param.isDue,
  isHeld: param.isHeld,
  failures: param.failures,
  failureReason: param.failureReason,
});

const versionJson = ({ syncId, ...version }: ParamVersion) => ({ ...version, sync: syncId });
