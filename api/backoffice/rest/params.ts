import { z } from 'zod';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import { mapPage } from '../../../shared/domain/page';
import type { Param, ParamVersion } from '../../../shared/stores/parameters/param-store';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import type { EntityKey, ParamService } from '../services/params';
import { classParameter, entityParameter } from './class-parameter';
import { fields, givenFields } from './entity-fields';
import { etagHeader, ifVersion } from './if-match';
import { idParameter, pageOfQuery, pageQuery, syncKey, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const entityCursor = textOf(64);
const versionCursor = z
  .string()
  .regex(/^\d{1,9}$/, 'is no cursor')
  .meta({ examples: ['3'] })
  .transform(Number);
const edit = z.strictObject({ fields: givenFields });

const version = z
  .number()
  .int()
  .meta({ examples: [3] });
const author = z.string().meta({
  description: 'The e-mail address of the member of staff, or `solution`.',
  examples: ['claire@example.org'],
});
const param = z
  .object({
    id: z.string().meta({ examples: ['1532500000123'] }),
    idServer: z.string().meta({ examples: ['41'] }),
    fields,
    isActive: z.boolean().meta({ description: 'False: the entity is deleted.', examples: [true] }),
    version,
    updatedAt: instant,
    updatedBy: author,
    isDue: z.boolean().meta({
      description: 'True: an instruction about it waits, or is in a package that is not confirmed.',
    }),
    isHeld: z
      .boolean()
      .meta({ description: 'True: a conflict or an approval about it waits for a decision.' }),
    failures: z
      .number()
      .int()
      .meta({
        description: 'The number of instructions in a row that the solution failed to apply.',
        examples: [0],
      }),
    failureReason: z.string().nullable(),
    returnedAt: instant.nullable().meta({
      description: 'When the solution sent it again with other content, after it had been deleted.',
    }),
  })
  .meta({ id: 'Parameter' });
const paramVersion = z
  .object({
    version,
    fields,
    isActive: z.boolean(),
    at: instant,
    by: author,
    sync: syncKey.nullable().meta({ description: 'The sync that brought the version, if one did.' }),
  })
  .meta({ id: 'ParameterVersion' });

const ofOneClass = {
  tag: 'Parameters',
  path: '/api/solutions/{id}/params/{class}',
  params: { id: idParameter('solution'), class: classParameter },
} as const;
const ofOneEntity = {
  tag: 'Parameters',
  path: '/api/solutions/{id}/params/{class}/{entity}',
  params: { ...ofOneClass.params, entity: entityParameter },
} as const;

export const createParamRoutes = (params: ParamService): Route[] => [
  staffRoute({
    ...ofOneClass,
    method: 'get',
    id: 'listParameters',
    summary: 'Lists the entities of a class, by id, deleted ones too',
    access: 'viewer',
    query: pageQuery(entityCursor),
    answers: { 200: json('A page of entities.', pageOf(param)) },
    async handle({ caller, params: { id: solutionId, class: parameterClass }, query }) {
      const page = await params.list(caller, { solutionId, parameterClass }, pageOfQuery(query));
      return reply(200, mapPage(page, paramJson));
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'get',
    id: 'getParameter',
    summary: 'Returns an entity, deleted or not',
    access: 'viewer',
    answers: { 200: json('The entity.', param, etagHeader) },
    async handle({ caller, params: path }) {
      const found = await params.get(caller, keyOf(path));
      return reply(200, paramJson(found), { ETag: `"${found.version}"` });
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'put',
    id: 'putParameter',
    summary: 'Inserts or changes an entity',
    description:
      'The solution gets an instruction with its next package. The edit is refused (`newer-copy-waits`) while a newer copy of the entity, which could not be read, is in quarantine: decide about that copy first.',
    access: 'manager',
    headers: ifVersion,
    body: jsonBody(edit),
    answers: {
      200: json('The entity, changed.', param, etagHeader),
      201: json('The entity, new.', param, etagHeader),
    },
    problems: { 409: ['newer-copy-waits'], 412: ['stale'], 422: ['invalid-fields'] },
    async handle({ caller, params: path, headers, body }) {
      const written = await params.put(caller, keyOf(path), body.fields, headers['if-match'] ?? null);
      const etag = { ETag: `"${written.param.version}"` };
      return written.isNew
        ? reply(201, paramJson(written.param), etag)
        : reply(200, paramJson(written.param), etag);
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'delete',
    id: 'deleteParameter',
    summary: 'Deletes an entity',
    description: 'The solution gets an instruction `d` with its next package. Its history stays.',
    access: 'manager',
    headers: ifVersion,
    answers: { 204: noContent('The entity is deleted.') },
    problems: { 409: ['newer-copy-waits'], 412: ['stale'] },
    async handle({ caller, params: path, headers }) {
      await params.delete(caller, keyOf(path), headers['if-match'] ?? null);
      return emptyReply(204);
    },
  }),
  staffRoute({
    ...ofOneEntity,
    path: `${ofOneEntity.path}/history`,
    method: 'get',
    id: 'listParameterVersions',
    summary: 'Lists every version of an entity, the newest first',
    access: 'viewer',
    query: pageQuery(versionCursor),
    answers: { 200: json('A page of versions.', pageOf(paramVersion)) },
    async handle({ caller, params: path, query }) {
      return reply(200, mapPage(await params.history(caller, keyOf(path), pageOfQuery(query)), versionJson));
    },
  }),
];

const keyOf = (path: { id: number; class: ParameterClass; entity: string }): EntityKey => ({
  solutionId: path.id,
  parameterClass: path.class,
  id: path.entity,
});

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
  returnedAt: param.returnedAt,
});

const versionJson = ({ syncId, ...version }: ParamVersion) => ({ ...version, sync: syncId });
