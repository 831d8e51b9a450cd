import type { VNode } from 'preact';
import type { ParameterClass } from '../../../../../shared/catalog/parameter-classes';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { Account } from '../../../../../shared/stores/solutions/account-store';
import type { SiteCandidate } from '../../../../../shared/stores/templates/template-site-store';
import type { Template } from '../../../../../shared/stores/templates/template-store';
import type { ComparedSite, TemplateTotals } from '../../../services/template-sites';
import { numberText } from '../../format';
import { LabelWithWireName, labelText } from '../../label-text';
import { Page } from '../../layout';
import {
  ActionForm,
  Card,
  Empty,
  Field,
  Pager,
  ProblemNote,
  Select,
  Table,
  tickAllColumn,
} from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';

export function templatesPage(
  visit: Visit,
  { items, next }: ListPage<Template>,
  accounts: readonly Account[],
  problem: ProblemText | null,
): VNode {
  const { words, csrf, caller } = visit;
  return (
    <Page visit={visit} title={words.templates} subtitle={words.templatesMeaning}>
      <div class="columns wide-left">
        <div class="stack">
          {items.length === 0 ? (
            <Empty title={words.noTemplates}>{words.noTemplatesAdvice}</Empty>
          ) : (
            <Table
              label={words.templates}
              columns={[
                words.name,
                words.account,
                { label: words.kitchens, isNumber: true },
                { label: words.entities, isNumber: true },
              ]}
            >
              {items.map(({ id, name, account, sites, entities }) => (
                <tr>
                  <th scope="row">
                    <a href={`/templates/${id}`}>{name}</a>
                  </th>
                  <td>{account.name}</td>
                  <td class="number">{numberText(words, sites)}</td>
                  <td class="number">{numberText(words, entities)}</td>
                </tr>
              ))}
            </Table>
          )}
          <Pager words={words} base="/templates" next={next} />
        </div>
        {mayEdit(caller) && (
          <Card title={words.addTemplate}>
            <ActionForm action="/templates" csrf={csrf} class="stack">
              <ProblemNote problem={problem} />
              <Field label={words.account}>
                <Select
                  name="account"
                  value=""
                  options={accounts.map(({ id, name }) => [String(id), name] as const)}
                />
              </Field>
              <Field label={words.name}>
                <input name="name" required maxLength={200} />
              </Field>
              <button class="button">{words.addTemplate}</button>
            </ActionForm>
          </Card>
        )}
      </div>
    </Page>
  );
}

interface Shown {
  readonly template: Template;
  readonly classes: readonly { readonly parameterClass: ParameterClass; readonly entities: number }[];
  readonly totals: TemplateTotals;
  readonly sites: ListPage<ComparedSite>;
  readonly candidates: readonly SiteCandidate[];
}

export function templatePage(visit: Visit, shown: Shown, problem: ProblemText | null): VNode {
  const { words, caller } = visit;
  const { template } = shown;
  return (
    <Page
      visit={visit}
      title={template.name}
      subtitle={template.account.name}
      trail={[{ href: '/templates', text: words.templates }]}
    >
      <div class="stack">
        <ProblemNote problem={problem} />
        <div class="columns">
          <GoesOut visit={visit} shown={shown} />
          <Holds visit={visit} shown={shown} />
        </div>
        <Sites visit={visit} shown={shown} />
        {mayEdit(caller) && <EditForms visit={visit} shown={shown} />}
      </div>
    </Page>
  );
}

interface PartProps {
  readonly visit: Visit;
  readonly shown: Shown;
}

function GoesOut({ visit: { words, csrf, caller }, shown: { template, totals } }: PartProps): VNode {
  const path = `/templates/${template.id}`;
  const entities = totals.additions + totals.changes + totals.removals;
  return (
    <Card title={words.goesOut}>
      <p>{entities === 0 ? words.nothingGoesOut : words.wouldChange(totals.sitesToChange, entities)}</p>
      <p>
        {totals.deviations === 0
          ? words.noDeviations
          : words.deviate(totals.sitesThatDeviate, totals.deviations)}
      </p>
      <div class="buttons">
        <a class="button quiet" href={`${path}/difference`}>
          {words.difference}
        </a>
        <a class="button quiet" href={`${path}/deviations`}>
          {words.deviations}
        </a>
        {mayEdit(caller) && entities > 0 && (
          <ActionForm action={`${path}/send-out`} csrf={csrf}>
            <button class="button" data-confirm={words.confirmSendOut}>
              {words.sendOut}
            </button>
          </ActionForm>
        )}
      </div>
    </Card>
  );
}

function Holds({ visit: { words }, shown: { template, classes } }: PartProps): VNode {
  const held = classes.filter(({ entities }) => entities > 0);
  const empty = classes.filter(({ entities }) => entities === 0);
  const pathOf = ({ name }: ParameterClass) => `/templates/${template.id}/params/${name}`;
  return (
    <Card title={words.inTemplate}>
      {held.length > 0 && (
        <Table label={words.inTemplate} columns={[words.class, { label: words.entities, isNumber: true }]}>
          {held.map(({ parameterClass, entities }) => (
            <tr>
              <th scope="row">
                <a href={pathOf(parameterClass)}>
                  <LabelWithWireName words={words} name={parameterClass.name} />
                </a>
              </th>
              <td class="number">{numberText(words, entities)}</td>
            </tr>
          ))}
        </Table>
      )}
      <details>
        <summary>{words.emptyTemplateClasses}</summary>
        <ul class="chips">
          {empty.map(({ parameterClass }) => (
            <li>
              <a href={pathOf(parameterClass)} title={parameterClass.name}>
                {labelText(words, parameterClass.name)}
              </a>
            </li>
          ))}
        </ul>
      </details>
    </Card>
  );
}

function Sites({ visit: { words }, shown: { template, sites } }: PartProps): VNode {
  const path = `/templates/${template.id}`;
  return (
    <Card title={words.kitchens}>
      {sites.items.length === 0 ? (
        <Empty title={words.noSites} />
      ) : (
        <Table
          label={words.kitchens}
          columns={[
            words.kitchen,
            { label: words.difference, isNumber: true },
            { label: words.deviations, isNumber: true },
          ]}
        >
          {sites.items.map(({ solutionId, name, additions, changes, removals, deviations }) => (
            <tr>
              <th scope="row">
                <a href={`${path}/sites/${solutionId}`}>{name.trim() === '' ? `#${solutionId}` : name}</a>
              </th>
              <td class="number">{numberText(words, additions + changes + removals)}</td>
              <td class="number">{numberText(words, deviations)}</td>
            </tr>
          ))}
        </Table>
      )}
      <Pager words={words} base={path} next={sites.next} />
    </Card>
  );
}

function EditForms({ visit: { words, csrf }, shown }: PartProps): VNode {
  const { template, classes, candidates, sites } = shown;
  const path = `/templates/${template.id}`;
  const sources = [
    ...sites.items.map(({ solutionId, name }) => [String(solutionId), name] as const),
    ...candidates.map(({ solutionId, name }) => [String(solutionId), name] as const),
  ];
  return (
    <div class="columns">
      <Card title={words.joinKitchens}>
        {candidates.length === 0 ? (
          <p>{words.noCandidates}</p>
        ) : (
          <ActionForm action={`${path}/sites`} csrf={csrf} class="stack">
            <p class="soft">{words.joinHint}</p>
            <Table label={words.joinKitchens} columns={[tickAllColumn(words, 'solution'), words.kitchen]}>
              {candidates.map(({ solutionId, name }) => (
                <tr>
                  <td>
                    <input type="checkbox" name="solution" value={solutionId} aria-label={name} />
                  </td>
                  <th scope="row">{name}</th>
                </tr>
              ))}
            </Table>
            <button class="button">{words.join}</button>
          </ActionForm>
        )}
      </Card>
      <Card title={words.takeFromKitchen}>
        {sources.length > 0 && (
          <ActionForm action={`${path}/copies`} csrf={csrf} class="stack">
            <p class="soft">{words.takeFromKitchenHint}</p>
            <Field label={words.kitchen}>
              <Select name="solution" value="" options={sources} />
            </Field>
            <Table label={words.takeFromKitchen} columns={[tickAllColumn(words, 'class'), words.class]}>
              {classes.map(({ parameterClass: { name } }) => (
                <tr>
                  <td>
                    <input type="checkbox" name="class" value={name} aria-label={labelText(words, name)} />
                  </td>
                  <th scope="row">{labelText(words, name)}</th>
                </tr>
              ))}
            </Table>
            <button class="button">{words.take}</button>
          </ActionForm>
        )}
      </Card>
      <Card title={words.template}>
        <ActionForm action={`${path}/name`} csrf={csrf} class="stack">
          <Field label={words.name}>
            <input name="name" required maxLength={200} value={template.name} />
          </Field>
          <button class="button">{words.renameTemplate}</button>
        </ActionForm>
        <ActionForm action={`${path}/delete`} csrf={csrf}>
          <button class="button danger" data-confirm={words.confirmDeleteTemplate}>
            {words.deleteTemplate}
          </button>
        </ActionForm>
      </Card>
    </div>
  );
}
