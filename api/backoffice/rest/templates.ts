import { z } from 'zod';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import { mapPage } from '../../../shared/domain/page';
import type { Template, TemplateEntity } from '../../../shared/stores/templates/template-store';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import { idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { TemplateEntityPath, TemplateService } from '../services/templates';
import { classOf, classParameter, entityParameter } from './class-parameter';
import { fields } from './entity-fields';
import { etagHeader, ifVersion } from './if-match';
import { staffRoute } from './staff-route';

const nameOfTemplate = textOf(200).meta({ examples: ['Bistros'] });
const newTemplate = z.strictObject({ account: idOf, name: nameOfTemplate });
const rename = z.strictObject({ name: nameOfTemplate });
const count = z.number().int();
const template = z
  .object({
    id: z.string().meta({ examples: ['2'] }),
    account: z.object({ id: z.string().meta({ examples: ['3'] }), name: z.string() }),
    name: nameOfTemplate,
    revision: count.meta({ description: 'Grows with each change of its entities.', examples: [14] }),
    sites: count.meta({ description: 'The number of kitchens that follow it.', examples: [200] }),
    entities: count.meta({ description: 'The number of entities that it holds.', examples: [320] }),
    createdAt: instant,
  })
  .meta({
    id: 'Template',
    description: 'Settings that are edited once for many kitchens of one customer.',
  });
const decided = fields.meta({
  description: 'The fields that the template decides. The other fields belong to each kitchen.',
});
const entity = z
  .object({
    id: z.string().meta({ examples: ['walk-in'] }),
    fields: decided,
    revision: count.meta({
      description: 'The revision of the template that brought this version.',
      examples: [12],
    }),
    updatedAt: instant,
    updatedBy: z.string().meta({ examples: ['claire@example.org'] }),
  })
  .meta({ id: 'TemplateEntity' });
const edit = z.strictObject({
  fields: z.record(z.string(), z.unknown()).meta({
    description:
      'The named fields are set, and the others stay. With null, the template no longer decides the field: it belongs to each kitchen.',
    examples: [{ Name: 'Chambre froide', TempMin: 0, TempMax: 4 }],
  }),
});
const copy = z.strictObject({
  solution: idOf,
  classes: z
    .array(classOf)
    .min(1)
    .max(100)
    .meta({ examples: [['Cleanings', 'ProductsCleaning']] }),
});

const ofAll = { path: '/api/templates', tag: 'Templates' } as const;
const ofOne = {
  path: '/api/templates/{id}',
  tag: 'Templates',
  params: { id: idParameter('template') },
} as const;
const ofOneClass = {
  ...ofOne,
  path: '/api/templates/{id}/params/{class}',
  params: { ...ofOne.params, class: classParameter },
} as const;
const ofOneEntity = {
  ...ofOneClass,
  path: '/api/templates/{id}/params/{class}/{entity}',
  params: { ...ofOneClass.params, entity: entityParameter },
} as const;

/** Templates and what they hold. */
export const createTemplateRoutes = (templates: TemplateService): Route[] => [
  staffRoute({
    ...ofAll,
    method: 'get',
    id: 'listTemplates',
    summary: 'Lists the templates of the caller’s accounts',
    access: 'viewer',
    query: pageQuery(idOf),
    answers: { 200: json('A page of templates.', pageOf(template)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await templates.list(caller, pageOfQuery(query)), templateJson));
    },
  }),
  staffRoute({
    ...ofAll,
    method: 'post',
    id: 'createTemplate',
    summary: 'Adds a template to an account',
    access: 'manager',
    body: jsonBody(newTemplate),
    answers: { 201: json('The template. It is empty.', template) },
    problems: { 409: ['already-exists'], 422: ['invalid-fields'] },
    async handle({ caller, body }) {
      const made = await templates.create(caller, { accountId: body.account, name: body.name });
      return reply(201, templateJson(made));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'get',
    id: 'getTemplate',
    summary: 'Returns a template',
    access: 'viewer',
    answers: { 200: json('The template.', template) },
    async handle({ caller, params }) {
      return reply(200, templateJson(await templates.get(caller, params.id)));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'patch',
    id: 'renameTemplate',
    summary: 'Renames a template',
    access: 'manager',
    body: jsonBody(rename),
    answers: { 200: json('The template.', template) },
    problems: { 409: ['already-exists'] },
    async handle({ caller, params, body }) {
      return reply(200, templateJson(await templates.rename(caller, params.id, body.name)));
    },
  }),
  staffRoute({
    ...ofOne,
    method: 'delete',
    id: 'deleteTemplate',
    summary: 'Deletes a template',
    description: 'The kitchens that followed it keep all their values.',
    access: 'manager',
    answers: { 204: noContent('The template is deleted.') },
    async handle({ caller, params }) {
      await templates.delete(caller, params.id);
      return emptyReply(204);
    },
  }),
  staffRoute({
    ...ofOne,
    path: '/api/templates/{id}/copies',
    method: 'post',
    id: 'copyIntoTemplate',
    summary: 'Takes what a kitchen has of some classes into a template',
    description:
      'The kitchen belongs to the account of the template. What the template holds already stays as it is. Fields of one kitchen, like the number of a probe, are left out, and so are classes that a template cannot hold.',
    access: 'manager',
    body: jsonBody(copy),
    answers: {
      200: json(
        'The number of entities that were added.',
        z.object({ added: count.meta({ examples: [48] }) }),
      ),
    },
    async handle({ caller, params, body }) {
      const { solution: solutionId, classes } = body;
      return reply(200, { added: await templates.copyFrom(caller, params.id, { solutionId, classes }) });
    },
  }),
  staffRoute({
    ...ofOneClass,
    method: 'get',
    id: 'listTemplateEntities',
    summary: 'Lists what a template holds of a class, by id',
    access: 'viewer',
    query: pageQuery(textOf(64)),
    answers: { 200: json('A page of entities.', pageOf(entity)) },
    async handle({ caller, params: { id: templateId, class: parameterClass }, query }) {
      return reply(200, await templates.entities(caller, { templateId, parameterClass }, pageOfQuery(query)));
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'get',
    id: 'getTemplateEntity',
    summary: 'Returns an entity of a template',
    access: 'viewer',
    answers: { 200: json('The entity.', entity, etagHeader) },
    async handle({ caller, params }) {
      return entityReply(200, await templates.entity(caller, pathOf(params)));
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'put',
    id: 'putTemplateEntity',
    summary: 'Adds or changes an entity of a template',
    description:
      'Only the template changes. The kitchens get it when the template goes out. Each kitchen has the entity under this Id.',
    access: 'manager',
    headers: ifVersion,
    body: jsonBody(edit),
    answers: {
      200: json('The entity, changed.', entity, etagHeader),
      201: json('The entity, new.', entity, etagHeader),
    },
    problems: { 412: ['stale'], 422: ['invalid-fields', 'not-in-templates'] },
    async handle({ caller, params, headers, body }) {
      const ifRevision = headers['if-match'] ?? null;
      const { entity, isNew } = await templates.putEntity(caller, pathOf(params), body.fields, ifRevision);
      return isNew ? entityReply(201, entity) : entityReply(200, entity);
    },
  }),
  staffRoute({
    ...ofOneEntity,
    method: 'delete',
    id: 'deleteTemplateEntity',
    summary: 'Removes an entity from a template',
    description:
      'When the template goes out, kitchens that have not changed the entity delete it. Kitchens with values of their own keep it.',
    access: 'manager',
    headers: ifVersion,
    answers: { 204: noContent('The template does not hold it any more.') },
    problems: { 412: ['stale'] },
    async handle({ caller, params, headers }) {
      await templates.deleteEntity(caller, pathOf(params), headers['if-match'] ?? null);
      return emptyReply(204);
    },
  }),
];

const pathOf = (path: { id: number; class: ParameterClass; entity: string }): TemplateEntityPath => ({
  templateId: path.id,
  parameterClass: path.class,
  id: path.entity,
});

const templateJson = ({ id, account, ...others }: Template) => ({
  id: String(id),
  account: { id: String(account.id), name: account.name },
  ...others,
});

const entityReply = <Status extends 200 | 201>(status: Status, found: TemplateEntity) =>
  reply(status, found, { ETag: `"${found.revision}"` });
