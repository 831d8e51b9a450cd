import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { type Column, unitIn } from '../../../../shared/catalog/column';
import {
  findParameterClass,
  parameterClasses,
  type ParameterClass,
} from '../../../../shared/catalog/parameter-classes';
import { maxFailures } from '../../../../shared/domain/failed-instruction';
import { type Fields, fieldOf, type FieldValue, sameValue } from '../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { type Caller, mayEdit } from '../../../../shared/domain/staff';
import { AppError } from '../../../../shared/errors/app-error';
import { alreadyExists, notFound } from '../../../../shared/errors/catalog';
import type { ClassCounts } from '../../../../shared/stores/solutions/inventory-store';
import type { Param, ParamVersion } from '../../../../shared/stores/parameters/param-store';
import { decode } from '../../../http/decode';
import { pageOfQuery, pageQuery, pathId, pathText, textOf } from '../../http/request-fields';
import type { InventoryService } from '../../services/inventory';
import type { EntityKey, ParamService } from '../../services/params';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless, touchedTexts } from '../form-input';
import { exactText, numberText } from '../format';
import {
  ActionForm,
  Age,
  Badge,
  Card,
  Empty,
  Field,
  Moment,
  Pager,
  ProblemNote,
  Table,
  TextInput,
} from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { LabelWithWireName, labelText, choiceText, columnHead, FieldName } from '../label-text';
import { SolutionPage } from './solution-frame';

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
/** The prefix that distinguishes fields of the entity from other inputs. */
const fieldPrefix = 'f.';

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

function nullWhereAbsent(error: unknown): null {
  if (error instanceof AppError && error.kind === 'absent') return null;
  throw error;
}

/** The changed fields. A field that was emptied has no value. */
const typedFields = (request: Request): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(touchedTexts(request.body, fieldPrefix)).map(([name, value]) => [
      name,
      value === '' ? null : value,
    ]),
  );

const entityPath = (solutionId: number, { name }: ParameterClass, id: string) =>
  `/solutions/${solutionId}/params/${name}/${encodeURIComponent(id)}`;

function classesPage(visit: Visit, solution: SolutionDetail, counts: readonly ClassCounts[]): VNode {
  const { words } = visit;
  const byName = new Map(counts.map((one) => [one.className, one]));
  const shown = parameterClasses.filter(({ name }) => byName.has(name));
  const others = parameterClasses.filter(({ name }) => !byName.has(name));
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      {shown.length === 0 ? (
        <Empty title={words.noParams}>{words.noParamsAdvice}</Empty>
      ) : (
        <Table
          label={words.tabs.params}
          columns={[
            words.class,
            words.editedBy,
            { label: words.entities, isNumber: true },
            { label: words.due, isNumber: true },
            { label: words.held, isNumber: true },
            { label: words.parked, isNumber: true },
          ]}
        >
          {shown.map(({ name, direction }) => {
            const { active, due, held, parked } = byName.get(name) ?? {
              active: 0,
              due: 0,
              held: 0,
              parked: 0,
            };
            return (
              <tr>
                <th scope="row">
                  <a href={`/solutions/${solution.id}/params/${name}`}>
                    <LabelWithWireName words={words} name={name} />
                  </a>
                </th>
                <td class="soft">{words.directions[direction]}</td>
                <td class="number">{numberText(words, active)}</td>
                <td class={due > 0 ? 'number busy' : 'number soft'}>{numberText(words, due)}</td>
                <td class={held > 0 ? 'number bad' : 'number soft'}>{numberText(words, held)}</td>
                <td class={parked > 0 ? 'number bad' : 'number soft'}>{numberText(words, parked)}</td>
              </tr>
            );
          })}
        </Table>
      )}
      <Card title={words.emptyClasses}>
        <ul class="chips">
          {others.map(({ name }) => (
            <li>
              <a href={`/solutions/${solution.id}/params/${name}`} title={name}>
                {labelText(words, name)}
              </a>
            </li>
          ))}
        </ul>
      </Card>
    </SolutionPage>
  );
}

/** The most columns of a list. The page of an entity shows all fields. */
const shownColumns = 5;

function listPage(
  visit: Visit,
  solution: SolutionDetail,
  parameterClass: ParameterClass,
  { items, next }: ListPage<Param>,
): VNode {
  const { words, caller } = visit;
  const path = `/solutions/${solution.id}/params/${parameterClass.name}`;
  const columns = parameterClass.columns.slice(0, shownColumns);
  const canEdit = mayEdit(caller) && parameterClass.direction !== 'solution';
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      <div class="section-head">
        <h2>
          <a href={`/solutions/${solution.id}/params`}>{words.tabs.params}</a> /{' '}
          <LabelWithWireName words={words} name={parameterClass.name} />
        </h2>
        {canEdit && (
          <a class="button" href={`${path}/new`}>
            {words.addEntity}
          </a>
        )}
      </div>
      {items.length === 0 ? (
        <Empty title={words.noEntities} />
      ) : (
        <Table
          label={labelText(words, parameterClass.name)}
          columns={['Id', ...columns.map((one) => columnHead(words, one)), words.state, words.changed]}
        >
          {items.map((param) => (
            <tr class={param.isActive ? undefined : 'gone'}>
              <th scope="row">
                <a href={entityPath(solution.id, parameterClass, param.id)}>{param.id}</a>
              </th>
              {columns.map((column) => (
                <td class={column.type === 'decimal' || column.type === 'integer' ? 'number' : undefined}>
                  {choiceText(words, column, valueText(words, fieldOf(param.fields, column.name)))}
                </td>
              ))}
              <td>
                <ParamBadges words={words} param={param} />
              </td>
              <td class="soft">
                <Age words={words} at={param.updatedAt} zone={solution.timezone} />
                <span class="under">{byText(words, param.updatedBy)}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Pager words={words} base={path} next={next} />
    </SolutionPage>
  );
}

const ParamBadges = ({ words, param }: { words: Words; param: Param }): VNode => (
  <span class="badges">
    {!param.isActive && <Badge tone="calm">{words.deleted}</Badge>}
    {param.isHeld && <Badge tone="bad">{words.held}</Badge>}
    {param.failures > 0 && (
      <Badge tone="bad">
        {param.failures >= maxFailures ? words.parked : words.failedTimes(param.failures)}
      </Badge>
    )}
    {param.isDue ? <Badge tone="busy">{words.due}</Badge> : <Badge tone="good">{words.agreed}</Badge>}
  </span>
);

type Shown =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly param: Param; readonly history: ListPage<ParamVersion> };

function entityPage(
  visit: Visit,
  { solution, parameterClass }: { solution: SolutionDetail; parameterClass: ParameterClass },
  shown: Shown,
  problem: ProblemText | null,
): VNode {
  const values: Fields = shown.kind === 'new' ? {} : shown.param.fields;
  const { words, caller } = visit;
  const list = `/solutions/${solution.id}/params/${parameterClass.name}`;
  const canEdit = mayEdit(caller) && parameterClass.direction !== 'solution';
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      <div class="section-head">
        <h2>
          <a href={`/solutions/${solution.id}/params`}>{words.tabs.params}</a> /{' '}
          <a href={list}>{labelText(words, parameterClass.name)}</a> /{' '}
          {shown.kind === 'new' ? words.addEntity : shown.param.id}
        </h2>
        {shown.kind === 'known' && <ParamBadges words={words} param={shown.param} />}
      </div>
      <div class="columns">
        <Card title={words.values}>
          <ProblemNote problem={problem} />
          {shown.kind === 'known' && shown.param.failureReason !== null && (
            <p class="notice bad">{words.couldNotCarryOut(shown.param.failureReason)}</p>
          )}
          <EntityForm
            visit={visit}
            action={shown.kind === 'new' ? list : entityPath(solution.id, parameterClass, shown.param.id)}
            parameterClass={parameterClass}
            shown={shown}
            values={values}
            canEdit={canEdit}
          />
        </Card>
        {shown.kind === 'known' && (
          <Card title={words.history}>
            <History
              words={words}
              zone={solution.timezone}
              parameterClass={parameterClass}
              versions={shown.history.items}
            />
          </Card>
        )}
      </div>
    </SolutionPage>
  );
}

interface EntityFormProps {
  readonly visit: Visit;
  readonly action: string;
  readonly parameterClass: ParameterClass;
  readonly shown: Shown;
  readonly values: Fields;
  readonly canEdit: boolean;
}

function EntityForm({
  visit: { words, csrf },
  action,
  parameterClass,
  shown,
  values,
  canEdit,
}: EntityFormProps): VNode {
  const declared = new Set(parameterClass.columns.map(({ name }) => name));
  const others = Object.entries(values).filter(([name]) => !declared.has(name));
  return (
    <ActionForm action={action} csrf={csrf} class="stack">
      {shown.kind === 'known' && <input type="hidden" name="version" value={shown.param.version} />}
      {shown.kind === 'new' && (
        <Field label="Id" hint={words.idHint}>
          <input name="id" required maxLength={64} />
        </Field>
      )}
      <fieldset disabled={!canEdit} class="stack">
        <legend class="visually-hidden">{words.values}</legend>
        {parameterClass.columns.map((column) => (
          <Field
            label={<FieldName words={words} of={parameterClass.name} name={column.name} />}
            hint={hintOf(words, column)}
          >
            <ColumnInput words={words} column={column} value={fieldOf(values, column.name)} />
          </Field>
        ))}
      </fieldset>
      {others.length > 0 && (
        <details>
          <summary>{words.undeclaredFields(others.length)}</summary>
          <dl class="facts">
            {others.map(([name, value]) => (
              <div>
                <dt>{name}</dt>
                <dd>{valueText(words, value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {canEdit ? (
        <div class="buttons">
          <button class="button" name="do" value="save">
            {words.save}
          </button>
          {shown.kind === 'known' && shown.param.isActive && (
            <button class="button danger" name="do" value="delete" data-confirm={words.confirmDelete}>
              {words.delete}
            </button>
          )}
        </div>
      ) : (
        <p class="soft">
          {parameterClass.direction === 'solution' ? words.onlySolutionEdits : words.readOnly}
        </p>
      )}
    </ActionForm>
  );
}

function ColumnInput({ words, column, value }: { words: Words; column: Column; value: FieldValue }): VNode {
  const name = `${fieldPrefix}${column.name}`;
  const text = inputText(value);
  const options: readonly (readonly [string, string])[] | null =
    column.oneOf !== undefined
      ? column.oneOf.map((one) => [one, choiceText(words, column, one)] as const)
      : column.type === 'boolean'
        ? [
            ['true', words.yes],
            ['false', words.no],
          ]
        : null;
  if (options === null) {
    const isNumber = column.type === 'decimal' || column.type === 'integer';
    if (isNumber) return <input name={name} value={text} inputMode="decimal" />;
    return <TextInput name={name} text={text} />;
  }
  return (
    <select name={name}>
      <option value="" selected={text === ''}>
        –
      </option>
      {options.map(([option, label]) => (
        <option value={option} selected={option === text}>
          {label}
        </option>
      ))}
    </select>
  );
}

function hintOf(words: Words, { unit, min, max, type }: Column): string | undefined {
  const range =
    min !== undefined && max !== undefined && max < 1e9 ? words.fromTo(String(min), String(max)) : undefined;
  if (type !== 'decimal' && type !== 'integer') return undefined;
  const shownUnit = unit === undefined ? undefined : unitIn(words.language, unit);
  return [shownUnit, range].filter((part) => part !== undefined).join(', ') || undefined;
}

const History = ({
  words,
  zone,
  parameterClass,
  versions,
}: {
  words: Words;
  zone: string;
  parameterClass: ParameterClass;
  versions: readonly ParamVersion[];
}): VNode => (
  <ol class="timeline">
    {versions.map((version, place) => (
      <li>
        <span>
          <strong>
            {words.version} {version.version}
          </strong>{' '}
          {byText(words, version.by)}
        </span>
        <span class="soft">
          <Moment words={words} at={version.at} zone={zone} />
        </span>
        <Changes
          words={words}
          parameterClass={parameterClass}
          version={version}
          before={versions[place + 1] ?? null}
        />
        {version.syncId !== null && <a href={`/syncs/${version.syncId}`}>{words.fromSync}</a>}
      </li>
    ))}
  </ol>
);

/** What a version changed. For the oldest version shown, that is not known. */
function Changes({
  words,
  parameterClass,
  version,
  before,
}: {
  words: Words;
  parameterClass: ParameterClass;
  version: ParamVersion;
  before: ParamVersion | null;
}): VNode | null {
  if (!version.isActive) return <p class="bad">{words.deleted}</p>;
  if (before === null) return version.version === 1 ? <p class="soft">{words.created}</p> : null;
  const names = [...new Set([...Object.keys(before.fields), ...Object.keys(version.fields)])];
  const changed = names.filter(
    (name) => !sameValue(fieldOf(before.fields, name), fieldOf(version.fields, name)),
  );
  const columns = new Map(parameterClass.columns.map((column) => [column.name, column]));
  const shownValue = (name: string, { fields }: ParamVersion) =>
    choiceText(words, columns.get(name) ?? {}, valueText(words, fieldOf(fields, name)));
  return (
    <ul class="changes">
      {changed.map((name) => (
        <li>
          <FieldName words={words} of={parameterClass.name} name={name} />
          {words.colon}
          <del>{shownValue(name, before)}</del> → <ins>{shownValue(name, version)}</ins>
        </li>
      ))}
    </ul>
  );
}

/** Who changed something: `solution` is the kitchen itself. */
export const byText = (words: Words, by: string): string => (by === 'solution' ? words.theSolution : by);

export function valueText(words: Words, value: FieldValue): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return exactText(words, value);
  return typeof value === 'string' ? value : value.xml;
}

const inputText = (value: FieldValue): string =>
  value === null ? '' : typeof value === 'object' ? value.xml : String(value);
