import type { VNode } from 'preact';
import { type ParameterClass, templateColumns } from '../../../../../shared/catalog/parameter-classes';
import { fieldOf } from '../../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { Template, TemplateEntity } from '../../../../../shared/stores/templates/template-store';
import { choiceText, columnHead, FieldName, labelText } from '../../label-text';
import { Page } from '../../layout';
import { ActionForm, Age, Card, Empty, Field, Pager, ProblemNote, Table } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import { ColumnInput, hintOf } from '../param-form';
import { valueText } from '../param-parts';

interface ClassKey {
  readonly templateId: number;
  readonly parameterClass: ParameterClass;
}

const trailOf = ({ words }: Visit, { id, name }: Template) => [
  { href: '/templates', text: words.templates },
  { href: `/templates/${id}`, text: name },
];

/** The most columns of a list. The page of an entity shows all fields. */
const shownColumns = 5;

export function templateEntitiesPage(
  visit: Visit,
  { templateId, parameterClass }: ClassKey,
  template: Template,
  { items, next }: ListPage<TemplateEntity>,
): VNode {
  const { words, caller } = visit;
  const path = `/templates/${templateId}/params/${parameterClass.name}`;
  const columns = templateColumns(parameterClass).slice(0, shownColumns);
  return (
    <Page
      visit={visit}
      title={labelText(words, parameterClass.name)}
      trail={trailOf(visit, template)}
      aside={
        mayEdit(caller) && (
          <a class="button" href={`${path}/new`}>
            {words.addEntity}
          </a>
        )
      }
    >
      {items.length === 0 ? (
        <Empty title={words.noEntities} />
      ) : (
        <Table
          label={labelText(words, parameterClass.name)}
          columns={['Id', ...columns.map((one) => columnHead(words, one)), words.changed]}
        >
          {items.map(({ id, fields, updatedAt, updatedBy }) => (
            <tr>
              <th scope="row">
                <a href={`${path}/${encodeURIComponent(id)}`}>{id}</a>
              </th>
              {columns.map((column) => (
                <td class={column.type === 'decimal' || column.type === 'integer' ? 'number' : undefined}>
                  {choiceText(words, column, valueText(words, fieldOf(fields, column.name)))}
                </td>
              ))}
              <td class="soft">
                <Age words={words} at={updatedAt} />
                <span class="under">{updatedBy}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Pager words={words} base={path} next={next} />
    </Page>
  );
}

interface ShownEntity {
  readonly template: Template;
  readonly parameterClass: ParameterClass;
  /** Null: a new one. */
  readonly entity: TemplateEntity | null;
}

export function templateEntityPage(
  visit: Visit,
  { template, parameterClass, entity }: ShownEntity,
  problem: ProblemText | null,
): VNode {
  const { words, csrf, caller } = visit;
  const list = `/templates/${template.id}/params/${parameterClass.name}`;
  const canEdit = mayEdit(caller);
  return (
    <Page
      visit={visit}
      title={entity === null ? words.addEntity : entity.id}
      trail={[...trailOf(visit, template), { href: list, text: labelText(words, parameterClass.name) }]}
    >
      <Card title={words.values} class="narrow">
        <ProblemNote problem={problem} />
        <p class="soft">{words.emptyFieldsAreOwn}</p>
        <ActionForm
          action={entity === null ? list : `${list}/${encodeURIComponent(entity.id)}`}
          csrf={csrf}
          class="stack"
        >
          {entity === null ? (
            <Field label="Id" hint={words.idHint}>
              <input name="id" required maxLength={64} />
            </Field>
          ) : (
            <input type="hidden" name="version" value={entity.revision} />
          )}
          <fieldset disabled={!canEdit} class="stack">
            <legend class="visually-hidden">{words.values}</legend>
            {templateColumns(parameterClass).map((column) => (
              <Field
                label={<FieldName words={words} of={parameterClass.name} name={column.name} />}
                hint={hintOf(words, column)}
              >
                <ColumnInput
                  words={words}
                  column={column}
                  value={fieldOf(entity?.fields ?? {}, column.name)}
                />
              </Field>
            ))}
          </fieldset>
          {canEdit && (
            <div class="buttons">
              <button class="button" name="do" value="save">
                {words.save}
              </button>
              {entity !== null && (
                <button
                  class="button danger"
                  name="do"
                  value="delete"
                  data-confirm={words.confirmRemoveEntity}
                >
                  {words.removeFromTemplate}
                </button>
              )}
            </div>
          )}
        </ActionForm>
      </Card>
    </Page>
  );
}
