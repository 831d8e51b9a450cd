import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { findParameterClass, type ParameterClass } from '../../../../../shared/catalog/parameter-classes';
import { nullWhereAbsent } from '../../../../../shared/errors/app-error';
import { alreadyExists, notFound, nothingTicked } from '../../../../../shared/errors/catalog';
import type { Caller } from '../../../../../shared/domain/staff';
import { decode } from '../../../../http/decode';
import { idOf, pageOfQuery, pageQuery, pathId, pathText, textOf } from '../../../http/request-fields';
import type { TemplateSiteService } from '../../../services/template-sites';
import type { TemplateEntityPath, TemplateService } from '../../../services/templates';
import { blankless, listOf } from '../../form-input';
import { typedFields } from '../param-form';
import { type ProblemText, problemTextOf } from '../../problem-text';
import type { Visit, Visiting } from '../../visit';
import { templateEntityPage, templateEntitiesPage } from './entities';
import { createTemplateSitePageRoutes } from './sites';
import { templatePage, templatesPage } from './template';

interface Services {
  readonly templates: TemplateService;
  readonly templateSites: TemplateSiteService;
}

const listQuery = pageQuery(idOf);
const entityQuery = pageQuery(textOf(64));
const newTemplate = z.object({ account: idOf, name: textOf(200) });
const edit = z.object({
  version: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  do: z.enum(['save', 'delete']),
});
const newEntity = z.object({ id: textOf(64) });
const shownRows = 100;

/** Templates: what they hold, and the kitchens that follow them. */
export function createTemplatePageRoutes(services: Services, visiting: Visiting): Router {
  const { templates, templateSites } = services;
  const router = Router();

  router.get(
    '/templates',
    visiting.page((visit, request) => showTemplates(visit, request, null)),
  );

  router.post(
    '/templates',
    visiting.form(
      async (caller, request) => {
        const { account, name } = decode(newTemplate, request.body);
        const { id } = await templates.create(caller, { accountId: account, name });
        return `/templates/${id}?done=saved`;
      },
      (visit, request, problem) => showTemplates(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/templates/:id',
    visiting.page((visit, request) => showTemplate(visit, request, null)),
  );

  router.post(
    '/templates/:id/name',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'template');
        await templates.rename(caller, id, decode(z.object({ name: textOf(200) }), request.body).name);
        return `/templates/${id}?done=saved`;
      },
      (visit, request, problem) => showTemplate(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/templates/:id/delete',
    visiting.form(async (caller, request) => {
      await templates.delete(caller, pathId(request, 'template'));
      return '/templates?done=saved';
    }),
  );

  router.post(
    '/templates/:id/copies',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'template');
        const { solution: solutionId } = decode(z.object({ solution: idOf }), request.body);
        const classes = listOf(request.body, 'class').flatMap((name) => findParameterClass(name) ?? []);
        if (classes.length === 0) throw nothingTicked();
        await templates.copyFrom(caller, id, { solutionId, classes });
        return `/templates/${id}?done=saved`;
      },
      (visit, request, problem) => showTemplate(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/templates/:id/params/:class',
    visiting.page(async (visit, request) => {
      const template = await templates.get(visit.caller, pathId(request, 'template'));
      const parameterClass = pathClass(request);
      const page = { ...pageOfQuery(decode(entityQuery, blankless(request.query))), limit: shownRows };
      const key = { templateId: template.id, parameterClass };
      return templateEntitiesPage(visit, key, template, await templates.entities(visit.caller, key, page));
    }),
  );

  router.get(
    '/templates/:id/params/:class/new',
    visiting.page((visit, request) => showNew(visit, request, null)),
  );

  router.post(
    '/templates/:id/params/:class',
    visiting.form(
      async (caller, request) => {
        const { id } = decode(newEntity, request.body);
        const path = { templateId: pathId(request, 'template'), parameterClass: pathClass(request), id };
        await needNew(caller, path);
        await templates.putEntity(caller, path, typedFields(request), null);
        return `${listPath(path)}?done=saved`;
      },
      (visit, request, problem) =>
        showNew(visit, request, problemTextOf(visit.words, problem, pathClass(request).name)),
    ),
  );

  router.get(
    '/templates/:id/params/:class/:entity',
    visiting.page((visit, request) => showEntity(visit, request, null)),
  );

  router.post(
    '/templates/:id/params/:class/:entity',
    visiting.form(
      async (caller, request) => {
        const path = entityPathOf(request);
        const { version, do: deed } = decode(edit, request.body);
        const ifRevision = version === undefined ? null : Number(version);
        if (deed === 'delete') await templates.deleteEntity(caller, path, ifRevision);
        else await templates.putEntity(caller, path, typedFields(request), ifRevision);
        return `${listPath(path)}?done=saved`;
      },
      (visit, request, problem) =>
        showEntity(
          visit,
          request,
          problem.kind === 'stale'
            ? visit.words.errors.staleAdvice
            : problemTextOf(visit.words, problem, pathClass(request).name),
        ),
    ),
  );

  router.use(createTemplateSitePageRoutes(services, visiting, showTemplate));
  return router;

  async function showTemplates(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const page = await templates.list(visit.caller, pageOfQuery(decode(listQuery, blankless(request.query))));
    return templatesPage(visit, page, await templates.accounts(visit.caller), problem);
  }

  async function showTemplate(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const { caller } = visit;
    const id = pathId(request, 'template');
    const page = pageOfQuery(decode(listQuery, blankless(request.query)));
    return templatePage(
      visit,
      {
        template: await templates.get(caller, id),
        classes: await templates.classes(caller, id),
        totals: await templateSites.totals(caller, id),
        sites: await templateSites.list(caller, id, page),
        candidates: await templateSites.candidates(caller, id),
      },
      problem,
    );
  }

  async function showNew(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const template = await templates.get(visit.caller, pathId(request, 'template'));
    return templateEntityPage(visit, { template, parameterClass: pathClass(request), entity: null }, problem);
  }

  async function showEntity(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const path = entityPathOf(request);
    const template = await templates.get(visit.caller, path.templateId);
    const entity = await templates.entity(visit.caller, path);
    return templateEntityPage(visit, { template, parameterClass: path.parameterClass, entity }, problem);
  }

  /** A form for a new entity must not change an existing one, which it did not show. Throws `already-exists`. */
  async function needNew(caller: Caller, path: TemplateEntityPath): Promise<void> {
    const known = await templates.entity(caller, path).catch(nullWhereAbsent);
    if (known !== null) throw alreadyExists('entity');
  }
}

const listPath = ({ templateId, parameterClass }: TemplateEntityPath) =>
  `/templates/${templateId}/params/${parameterClass.name}`;

const entityPathOf = (request: Request): TemplateEntityPath => ({
  templateId: pathId(request, 'template'),
  parameterClass: pathClass(request),
  id: pathText(request, 'entity'),
});

function pathClass(request: Request): ParameterClass {
  const parameterClass = findParameterClass(pathText(request, 'class'));
  if (parameterClass?.fitsTemplate !== true) throw notFound('parameter class');
  return parameterClass;
}
