import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { findParameterClass, type ParameterClass } from '../../../../shared/catalog/parameter-classes';
import type { Caller } from '../../../../shared/domain/staff';
import { nullWhereAbsent } from '../../../../shared/errors/app-error';
import { alreadyExists, notFound } from '../../../../shared/errors/catalog';
import { decode } from '../../../http/decode';
import { pageOfQuery, pageQuery, pathId, pathText, textOf } from '../../http/request-fields';
import type { InventoryService } from '../../services/inventory';
import type { EntityKey, ParamService } from '../../services/params';
import type { SolutionService } from '../../services/solutions';
import { blankless } from '../form-input';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import { typedFields } from './param-form';
import { classesPage, listPage } from './param-lists';
import { entityPage } from './param-page';
import { entityPath } from './param-parts';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly inventory: Pick<InventoryService, 'classes' | 'param'>;
  readonly params: ParamService;
}

const listQuery = pageQuery(textOf(64));
const edit = z.object({
  version: z
    .string()
    .regex(/^\d{1,9}$/)
    .optional(),
  do: z.enum(['save', 'delete']),
});
const newEntity = z.object({ id: textOf(64) });
const shownRows = 100;
const shownVersions = 20;
/** The settings of a solution: by class, one by one, and what they were. */
export function createParamPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/params',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const solution = await services.solutions.get(visit.caller, id);
      return classesPage(visit, solution, await services.inventory.classes(visit.caller, id));
    }),
  );

  router.get(
    '/solutions/:id/params/:class',
    visiting.page(async (visit, request) => {
      const { solution, parameterClass } = await keyOf(visit, request);
      const page = { ...pageOfQuery(decode(listQuery, blankless(request.query))), limit: shownRows };
      const key = { solutionId: solution.id, parameterClass };
      return listPage(visit, solution, parameterClass, await services.params.list(visit.caller, key, page));
    }),
  );

  router.post(
    '/solutions/:id/params/:class',
    visiting.form(
      async (caller, request) => {
        const { id } = decode(newEntity, request.body);
        const key = { solutionId: pathId(request, 'solution'), parameterClass: pathClass(request), id };
        await needNew(caller, key);
        await services.params.put(caller, key, typedFields(request), null);
        return `${entityPath(key.solutionId, key.parameterClass, id)}?done=saved`;
      },
      async (visit, request, problem) => {
        const { solution, parameterClass } = await keyOf(visit, request);
        const problemText = problemTextOf(visit.words, problem, parameterClass.name);
        return entityPage(visit, { solution, parameterClass }, { kind: 'new' }, problemText);
      },
    ),
  );

  router.get(
    '/solutions/:id/params/:class/new',
    visiting.page(async (visit, request) => {
      const { solution, parameterClass } = await keyOf(visit, request);
      return entityPage(visit, { solution, parameterClass }, { kind: 'new' }, null);
    }),
  );

  router.get(
    '/solutions/:id/params/:class/:entity',
    visiting.page(async (visit, request) => known(visit, request, null)),
  );

  router.post(
    '/solutions/:id/params/:class/:entity',
    visiting.form(
      async (caller, request) => {
        const id = pathText(request, 'entity');
        const key = { solutionId: pathId(request, 'solution'), parameterClass: pathClass(request), id };
        const { version, do: deed } = decode(edit, request.body);
        const ifVersion = version === undefined ? null : Number(version);
        const path = entityPath(key.solutionId, key.parameterClass, id);
        if (deed === 'delete') {
          await services.params.delete(caller, key, ifVersion);
          return `${path}?done=deleted`;
        }
        const touched = typedFields(request);
        if (Object.keys(touched).length === 0) return `${path}?done=unchanged`;
        await services.params.put(caller, key, touched, ifVersion);
        return `${path}?done=saved`;
      },
      (visit, request, problem) =>
        known(
          visit,
          request,
          problem.kind === 'stale'
            ? visit.words.errors.staleAdvice
            : problemTextOf(visit.words, problem, pathClass(request).name),
        ),
    ),
  );

  return router;

  async function keyOf(visit: Visit, request: Request) {
    const parameterClass = pathClass(request);
    const solution = await services.solutions.get(visit.caller, pathId(request, 'solution'));
    return { solution, parameterClass };
  }

  async function known(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const { solution, parameterClass } = await keyOf(visit, request);
    const id = pathText(request, 'entity');
    const param = await services.inventory.param(visit.caller, solution.id, parameterClass, id);
    const history = await services.params.history(
      visit.caller,
      { solutionId: solution.id, parameterClass, id },
      { limit: shownVersions, after: null },
    );
    return entityPage(visit, { solution, parameterClass }, { kind: 'known', param, history }, problem);
  }

  /** A form for a new entity must not change an existing one, which it did not show. Throws `already-exists`. */
  async function needNew(caller: Caller, { solutionId, parameterClass, id }: EntityKey): Promise<void> {
    const known = await services.inventory
      .param(caller, solutionId, parameterClass, id)
      .catch(nullWhereAbsent);
    if (known?.isActive === true) throw alreadyExists('setting');
  }
}

function pathClass(request: Request): ParameterClass {
  const parameterClass = findParameterClass(pathText(request, 'class'));
  if (parameterClass === undefined) throw notFound('parameter class');
  return parameterClass;
}
