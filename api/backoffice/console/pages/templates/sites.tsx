import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { findParameterClass } from '../../../../../shared/catalog/parameter-classes';
import { fieldOf } from '../../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import { notFound, nothingTicked } from '../../../../../shared/errors/catalog';
import type { Deviation, Difference } from '../../../../../shared/stores/templates/template-difference-store';
import type { Template } from '../../../../../shared/stores/templates/template-store';
import { decode } from '../../../../http/decode';
import { placeCursor } from '../../../http/place-cursor';
import { idOf, pageOfQuery, pageQuery, pathId, pathText, textOf } from '../../../http/request-fields';
import type { ComparedSite, TemplateSiteService } from '../../../services/template-sites';
import type { TemplateService } from '../../../services/templates';
import { blankless, listOf } from '../../form-input';
import { choiceText, FieldName, LabelWithWireName } from '../../label-text';
import { Page } from '../../layout';
import { ActionForm, Age, Card, Empty, Pager, Table } from '../../parts';
import { type ProblemText, problemTextOf } from '../../problem-text';
import type { Visit, Visiting } from '../../visit';
import type { Words } from '../../words';
import { byText, valueText } from '../param-parts';

interface Services {
  readonly templates: Pick<TemplateService, 'get'>;
  readonly templateSites: TemplateSiteService;
}

const placeQuery = pageQuery(placeCursor);
const part = z.object({
  class: textOf(64).optional(),
  entity: textOf(64).optional(),
  field: textOf(128).optional(),
});
const everything = { solutionId: null, className: null } as const;

/** The kitchens that follow a template. `showTemplate`: the page of the template, with a problem. */
export function createTemplateSitePageRoutes(
  { templates, templateSites }: Services,
  visiting: Visiting,
  showTemplate: (visit: Visit, request: Request, problem: ProblemText | null) => Promise<VNode>,
): Router {
  const router = Router();

  router.post(
    '/templates/:id/sites',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'template');
        const solutionIds = listOf(request.body, 'solution').map((text) => decode(idOf, text));
        if (solutionIds.length === 0) throw nothingTicked();
        await templateSites.join(caller, id, solutionIds);
        return `/templates/${id}?done=saved`;
      },
      (visit, request, problem) => showTemplate(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/templates/:id/send-out',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'template');
      await templateSites.sendOut(caller, id);
      return `/templates/${id}?done=template-sent`;
    }),
  );

  router.get(
    '/templates/:id/difference',
    visiting.page(async (visit, request) => {
      const template = await templates.get(visit.caller, pathId(request, 'template'));
      const page = pageOf(request);
      const differences = await templateSites.difference(visit.caller, template.id, everything, page);
      const base = `/templates/${template.id}/difference`;
      return (
        <TemplateFrame visit={visit} template={template} title={visit.words.difference}>
          <Differences visit={visit} base={base} page={differences} hasKitchen />
        </TemplateFrame>
      );
    }),
  );

  router.get(
    '/templates/:id/deviations',
    visiting.page(async (visit, request) => {
      const template = await templates.get(visit.caller, pathId(request, 'template'));
      const page = pageOf(request);
      const deviations = await templateSites.deviations(visit.caller, template.id, everything, page);
      const base = `/templates/${template.id}/deviations`;
      return (
        <TemplateFrame visit={visit} template={template} title={visit.words.deviations}>
          <p class="soft">{visit.words.deviationsMeaning}</p>
          <Deviations visit={visit} template={template} base={base} page={deviations} />
        </TemplateFrame>
      );
    }),
  );

  router.get(
    '/templates/:id/sites/:solution',
    visiting.page(async (visit, request) => {
      const { caller } = visit;
      const template = await templates.get(caller, pathId(request, 'template'));
      const solutionId = pathSolution(request);
      const site = await templateSites.get(caller, template.id, solutionId);
      const all = { solutionId, className: null };
      const page = { limit: 200, after: null };
      return sitePage(
        visit,
        { template, site },
        {
          differences: await templateSites.difference(caller, template.id, all, page),
          deviations: await templateSites.deviations(caller, template.id, all, page),
        },
      );
    }),
  );

  router.post(
    '/templates/:id/sites/:solution/leave',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'template');
      await templateSites.leave(caller, id, pathSolution(request));
      return `/templates/${id}?done=saved`;
    }),
  );

  router.post(
    '/templates/:id/sites/:solution/reset',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'template');
      const solutionId = pathSolution(request);
      const { class: className = null, entity = null, field = null } = decode(part, blankless(request.body));
      await templateSites.reset(caller, id, solutionId, { className, id: entity, field });
      return `/templates/${id}/sites/${solutionId}?done=template-sent`;
    }),
  );

  return router;
}

function pathSolution(request: Request): number {
  const text = pathText(request, 'solution');
  if (!/^\d{1,9}$/.test(text)) throw notFound('solution');
  return Number(text);
}

const pageOf = (request: Request) => pageOfQuery(decode(placeQuery, blankless(request.query)));

const TemplateFrame = ({
  visit,
  template,
  title,
  children,
}: {
  visit: Visit;
  template: Template;
  title: string;
  children: VNode | VNode[];
}): VNode => (
  <Page
    visit={visit}
    title={title}
    trail={[
      { href: '/templates', text: visit.words.templates },
      { href: `/templates/${template.id}`, text: template.name },
    ]}
  >
    <div class="stack">{children}</div>
  </Page>
);

function sitePage(
  visit: Visit,
  { template, site }: { template: Template; site: ComparedSite },
  { differences, deviations }: { differences: ListPage<Difference>; deviations: ListPage<Deviation> },
): VNode {
  const { words, csrf, caller } = visit;
  const path = `/templates/${template.id}/sites/${site.solutionId}`;
  return (
    <TemplateFrame visit={visit} template={template} title={site.name}>
      <Card title={words.difference}>
        <Differences visit={visit} base={path} page={{ ...differences, next: null }} />
      </Card>
      <Card title={words.deviations}>
        <Deviations visit={visit} template={template} base={path} page={{ ...deviations, next: null }} />
      </Card>
      <div class="buttons">
        {mayEdit(caller) && site.deviations > 0 && (
          <ActionForm action={`${path}/reset`} csrf={csrf}>
            <button class="button" data-confirm={words.confirmBack}>
              {words.backToTemplateAll}
            </button>
          </ActionForm>
        )}
        {mayEdit(caller) && (
          <ActionForm action={`${path}/leave`} csrf={csrf}>
            <button class="button danger" data-confirm={words.confirmLeave}>
              {words.leaveTemplate}
            </button>
          </ActionForm>
        )}
        <a class="button quiet" href={`/solutions/${site.solutionId}/params`}>
          {words.tabs.params}
        </a>
      </div>
    </TemplateFrame>
  );
}

interface ListProps<T> {
  readonly visit: Visit;
  readonly base: string;
  readonly page: ListPage<T>;
}

function Differences({
  visit: { words },
  base,
  page: { items, next },
  hasKitchen = false,
}: ListProps<Difference> & { readonly hasKitchen?: boolean }): VNode {
  if (items.length === 0) return <Empty title={words.nothingDiffers} />;
  return (
    <>
      <Table
        label={words.difference}
        columns={[...(hasKitchen ? [words.kitchen] : []), words.entity, words.whatChanges]}
      >
        {items.map((one) => (
          <tr>
            {hasKitchen && <td>{one.solutionName}</td>}
            <th scope="row">
              <LabelWithWireName words={words} name={one.className} /> {one.id}
            </th>
            <td class="wrap">
              {one.editKind !== null && words.templateEdits[one.editKind]}
              {changesOf(one).map(({ name, before, after }) => (
                <p>
                  <FieldName words={words} of={one.className} name={name} />
                  {words.colon}
                  {shown(words, one.className, name, before)} → {shown(words, one.className, name, after)}
                </p>
              ))}
              {one.isBlocked && <p class="bad">{words.blockedByQuarantine}</p>}
            </td>
          </tr>
        ))}
      </Table>
      <Pager words={words} base={base} next={next} />
    </>
  );
}

function Deviations({
  visit: { words, csrf, caller },
  template,
  base,
  page: { items, next },
}: ListProps<Deviation> & { readonly template: Template }): VNode {
  if (items.length === 0) return <Empty title={words.noDeviations} />;
  const sites = `/templates/${template.id}/sites`;
  return (
    <>
      <Table
        label={words.deviations}
        columns={[
          words.kitchen,
          words.entity,
          words.ofTemplate,
          words.ofKitchen,
          words.since,
          <span class="visually-hidden">{words.backToTemplate}</span>,
        ].map((label) => (typeof label === 'string' ? label : { label }))}
      >
        {items.flatMap((one) =>
          linesOf(one).map(({ name, template: wanted, site, since, by }) => (
            <tr>
              <td>
                <a href={`${sites}/${one.solutionId}`}>{one.solutionName}</a>
              </td>
              <th scope="row">
                <LabelWithWireName words={words} name={one.className} /> {one.id}
              </th>
              <td>
                {name !== null && (
                  <>
                    <FieldName words={words} of={one.className} name={name} />
                    {words.colon}
                    {shown(words, one.className, name, wanted)}
                  </>
                )}
              </td>
              <td>
                {name === null ? words.deviationKinds[one.kind] : shown(words, one.className, name, site)}
              </td>
              <td class="soft">
                <Age words={words} at={since} />
                <span class="under">{byText(words, by)}</span>
              </td>
              <td>
                {mayEdit(caller) && (
                  <ActionForm
                    action={`${sites}/${one.solutionId}/reset`}
                    csrf={csrf}
                    label={`${words.backToTemplate} ${one.solutionName} ${one.id} ${name ?? ''}`}
                  >
                    <input type="hidden" name="class" value={one.className} />
                    <input type="hidden" name="entity" value={one.id} />
                    {name !== null && <input type="hidden" name="field" value={name} />}
                    <button class="button quiet" data-confirm={words.confirmBack}>
                      {words.backToTemplate}
                    </button>
                  </ActionForm>
                )}
              </td>
            </tr>
          )),
        )}
      </Table>
      <Pager words={words} base={base} next={next} />
    </>
  );
}

/** A line for each field, or one for the whole entity. */
const linesOf = ({ kind, fields, since, by }: Deviation) =>
  kind === 'values' ? fields : [{ name: null, template: null, site: null, since, by }];

function changesOf({ editKind, pending, wanted, held }: Difference) {
  const after = editKind === 'add' ? wanted : pending;
  const before = held?.isActive === true ? held.fields : {};
  return Object.keys(after).map((name) => ({
    name,
    before: fieldOf(before, name),
    after: fieldOf(after, name),
  }));
}

function shown(
  words: Words,
  className: string,
  name: string,
  value: Parameters<typeof valueText>[1],
): string {
  const column = findParameterClass(className)?.columns.find((one) => one.name === name);
  const text = valueText(words, value);
  return column === undefined ? text : choiceText(words, column, text);
}
