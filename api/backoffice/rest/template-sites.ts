import { z } from 'zod';
import { findParameterClass } from '../../../shared/catalog/parameter-classes';
import { fieldOf } from '../../../shared/domain/merge-copy';
import { mapPage } from '../../../shared/domain/page';
import type { Deviation, Difference } from '../../../shared/stores/templates/template-difference-store';
import { instant, json, jsonBody, noContent, pageOf } from '../../http/operation';
import { emptyReply, reply, type Route } from '../../http/route';
import { placeCursor } from '../http/place-cursor';
import { idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import type { ComparedSite, TemplatePart, TemplateSiteService } from '../services/template-sites';
import { classOf } from './class-parameter';
import { fieldValue } from './entity-fields';
import { staffRoute } from './staff-route';

const count = z.number().int().min(0);
const counts = {
  additions: count.meta({ description: 'Entities that the kitchen would get.', examples: [2] }),
  changes: count.meta({ description: 'Entities that would change.', examples: [5] }),
  removals: count.meta({ description: 'Entities that the kitchen would delete.', examples: [0] }),
  deviations: count.meta({ description: 'Entities in which the kitchen has its own values.', examples: [1] }),
};
const site = z
  .object({
    solution: z.string().meta({ examples: ['12'] }),
    name: z.string().meta({ examples: ['Le Petit Zinc'] }),
    joinedAt: instant,
    joinedBy: z.string().meta({ examples: ['claire@example.org'] }),
    ...counts,
  })
  .meta({ id: 'TemplateSite', description: 'A kitchen that follows a template.' });
const totals = z
  .object({
    ...counts,
    sitesToChange: count.meta({ examples: [180] }),
    sitesThatDeviate: count.meta({ examples: [7] }),
  })
  .meta({ id: 'TemplateTotals', description: 'The sums of all kitchens that follow a template.' });
const about = {
  solution: z.string().meta({ examples: ['12'] }),
  name: z.string().meta({ description: 'The name of the kitchen.', examples: ['Le Petit Zinc'] }),
  class: z.string().meta({ examples: ['Fridges'] }),
  entity: z.string().meta({ examples: ['walk-in'] }),
};
const fieldName = z.string().meta({ examples: ['TempMax'] });
const difference = z
  .object({
    ...about,
    kind: z.enum(['add', 'change', 'remove']),
    fields: z
      .array(z.object({ field: fieldName, before: fieldValue, after: fieldValue }))
      .readonly()
      .meta({ description: 'The fields that would change. Empty for `remove`.' }),
    isBlocked: z.boolean().meta({
      description: 'True: a newer copy of the kitchen is in quarantine. It has to be decided first.',
    }),
  })
  .meta({ id: 'TemplateDifference' });
const deviation = z
  .object({
    ...about,
    kind: z.enum(['values', 'deleted', 'kept']).meta({
      description:
        '`deleted`: the kitchen deleted an entity of the template. `kept`: the template removed an entity in which the kitchen has values of its own.',
    }),
    since: instant,
    by: z.string().meta({
      description: 'The e-mail address of the member of staff, or `solution`.',
      examples: ['solution'],
    }),
    fields: z
      .array(
        z.object({
          field: fieldName,
          template: fieldValue,
          site: fieldValue,
          since: instant,
          by: z.string().meta({ examples: ['solution'] }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'TemplateDeviation', description: 'An entity in which a kitchen has values of its own.' });

const partQuery = pageQuery(placeCursor).extend({
  solution: idOf.optional().meta({ description: 'Only this kitchen.' }),
  class: classOf.optional().meta({ description: 'Only this class.' }),
});
const joining = z.strictObject({
  solutions: z
    .array(idOf)
    .min(1)
    .max(100_000)
    .meta({ examples: [['12', '13']] }),
});
const reset = z
  .strictObject({
    class: classOf.optional(),
    entity: textOf(64).optional(),
    field: textOf(128).optional(),
  })
  .refine(
    (part) =>
      (part.entity === undefined || part.class !== undefined) &&
      (part.field === undefined || part.entity !== undefined),
    'an entity needs its class, and a field its entity',
  )
  .meta({ examples: [{ class: 'Fridges', entity: 'walk-in', field: 'TempMax' }] });
const applied = {
  written: count.meta({ description: 'Entities that changed.', examples: [3] }),
  skipped: count.meta({
    description:
      'Entities that could not change now: a sync is at work on them, or a newer copy is in quarantine.',
    examples: [0],
  }),
};

const ofTemplate = { tag: 'Templates', params: { id: idParameter('template') } } as const;
const ofSite = {
  ...ofTemplate,
  path: '/api/templates/{id}/sites/{solution}',
  params: { ...ofTemplate.params, solution: idParameter('solution') },
} as const;

/** The kitchens that follow a template. */
export const createTemplateSiteRoutes = (sites: TemplateSiteService): Route[] => [
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/sites',
    method: 'get',
    id: 'listTemplateSites',
    summary: 'Lists the kitchens that follow a template, and how much they differ from it',
    access: 'viewer',
    query: pageQuery(idOf),
    answers: { 200: json('A page of kitchens.', pageOf(site)) },
    async handle({ caller, params, query }) {
      return reply(200, mapPage(await sites.list(caller, params.id, pageOfQuery(query)), siteJson));
    },
  }),
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/sites',
    method: 'post',
    id: 'joinTemplate',
    summary: 'Lets kitchens follow a template',
    description:
      'All of them or none. Their values stay: what differs from the template counts as their own. A kitchen that follows the template already is no error.',
    access: 'manager',
    body: jsonBody(joining, { limit: '2mb' }),
    answers: { 204: noContent('They follow the template.') },
    problems: { 409: ['follows-other-template'] },
    async handle({ caller, params, body }) {
      await sites.join(caller, params.id, body.solutions);
      return emptyReply(204);
    },
  }),
  staffRoute({
    ...ofSite,
    method: 'get',
    id: 'getTemplateSite',
    summary: 'Returns a kitchen that follows a template, and how much it differs from it',
    access: 'viewer',
    answers: { 200: json('The kitchen.', site) },
    async handle({ caller, params }) {
      return reply(200, siteJson(await sites.get(caller, params.id, params.solution)));
    },
  }),
  staffRoute({
    ...ofSite,
    method: 'delete',
    id: 'leaveTemplate',
    summary: 'Lets a kitchen leave a template',
    description: 'Its values stay.',
    access: 'manager',
    answers: { 204: noContent('It does not follow the template any more.') },
    async handle({ caller, params }) {
      await sites.leave(caller, params.id, params.solution);
      return emptyReply(204);
    },
  }),
  staffRoute({
    ...ofSite,
    path: `${ofSite.path}/reset`,
    method: 'post',
    id: 'resetToTemplate',
    summary: 'Brings a kitchen back to the values of its template',
    description:
      'All of the kitchen, or only a class, an entity or a field. What waits of the same entities goes with it. The kitchen gets an instruction with its next package.',
    access: 'manager',
    body: jsonBody(reset),
    answers: { 200: json('What was done.', z.object(applied)) },
    async handle({ caller, params, body }) {
      const part = {
        className: body.class?.name ?? null,
        id: body.entity ?? null,
        field: body.field ?? null,
      };
      const { written, skipped } = await sites.reset(caller, params.id, params.solution, part);
      return reply(200, { written, skipped });
    },
  }),
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/totals',
    method: 'get',
    id: 'getTemplateTotals',
    summary: 'Returns how much all kitchens of a template differ from it',
    access: 'viewer',
    answers: { 200: json('The sums.', totals) },
    async handle({ caller, params }) {
      return reply(200, await sites.totals(caller, params.id));
    },
  }),
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/difference',
    method: 'get',
    id: 'listTemplateDifference',
    summary: 'Lists what would change in which kitchen if the template went out now',
    access: 'viewer',
    query: partQuery,
    answers: { 200: json('A page of entities, by kitchen, class and entity.', pageOf(difference)) },
    async handle({ caller, params, query }) {
      const page = await sites.difference(caller, params.id, partOf(query), pageOfQuery(query));
      return reply(200, mapPage(page, differenceJson));
    },
  }),
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/deviations',
    method: 'get',
    id: 'listTemplateDeviations',
    summary: 'Lists where kitchens have values of their own, field by field, and since when',
    access: 'viewer',
    query: partQuery,
    answers: { 200: json('A page of entities, by kitchen, class and entity.', pageOf(deviation)) },
    async handle({ caller, params, query }) {
      const page = await sites.deviations(caller, params.id, partOf(query), pageOfQuery(query));
      return reply(200, mapPage(page, deviationJson));
    },
  }),
  staffRoute({
    ...ofTemplate,
    path: '/api/templates/{id}/send-out',
    method: 'post',
    id: 'sendOutTemplate',
    summary: 'Sends a template to all kitchens that follow it, at once',
    description: 'Their own values stay. The kitchens get their instructions with their next packages.',
    access: 'manager',
    answers: {
      200: json(
        'What was done.',
        z.object({ sites: count.meta({ description: 'Kitchens in which something changed.' }), ...applied }),
      ),
    },
    async handle({ caller, params }) {
      const done = await sites.sendOut(caller, params.id);
      return reply(200, {
        sites: done.filter(({ written }) => written > 0).length,
        written: done.reduce((sum, { written }) => sum + written, 0),
        skipped: done.reduce((sum, { skipped }) => sum + skipped, 0),
      });
    },
  }),
];

const partOf = ({ solution, class: parameterClass }: z.output<typeof partQuery>): TemplatePart => ({
  solutionId: solution ?? null,
  className: parameterClass?.name ?? null,
});

const siteJson = ({ solutionId, ...others }: ComparedSite) => ({ solution: String(solutionId), ...others });

const aboutOf = ({ solutionId, solutionName, className, id }: Difference | Deviation) => ({
  solution: String(solutionId),
  name: solutionName,
  class: className,
  entity: id,
});

function differenceJson(one: Difference) {
  const { editKind, pending, wanted, held, isBlocked } = one;
  const after = editKind === 'add' ? wanted : pending;
  const before = held?.isActive === true ? held.fields : {};
  return {
    ...aboutOf(one),
    kind: editKind ?? 'change',
    fields: inOrder(one.className, Object.keys(after)).map((field) => ({
      field,
      before: fieldOf(before, field),
      after: fieldOf(after, field),
    })),
    isBlocked,
  };
}

function deviationJson(one: Deviation) {
  const { kind, since, by, fields } = one;
  return {
    ...aboutOf(one),
    kind,
    since,
    by,
    fields: fields.map(({ name: field, ...rest }) => ({ field, ...rest })),
  };
}

/** As the catalogue has them. */
function inOrder(className: string, names: readonly string[]): string[] {
  const order = findParameterClass(className)?.columns.map(({ name }) => name) ?? [];
  return [...names].sort((one, other) => order.indexOf(one) - order.indexOf(other));
}
