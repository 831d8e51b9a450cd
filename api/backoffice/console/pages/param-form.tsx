import type { Request } from 'express';
import type { VNode } from 'preact';
import { type Column, unitIn } from '../../../../shared/catalog/column';
import type { ParameterClass } from '../../../../shared/catalog/parameter-classes';
import { type Fields, fieldOf, type FieldValue } from '../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../shared/domain/page';
import type { Param, ParamVersion } from '../../../../shared/stores/parameters/param-store';
import { touchedTexts } from '../form-input';
import { choiceText, FieldName } from '../label-text';
import { ActionForm, Field, TextInput } from '../parts';
import type { Visit } from '../visit';
import type { Words } from '../words';
import { valueText } from './param-parts';

/** The prefix that distinguishes fields of the entity from other inputs. */
export const fieldPrefix = 'f.';

/** The changed fields of an entity, by name. Null: it was emptied. */
export const typedFields = (request: Request): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(touchedTexts(request.body, fieldPrefix)).map(([name, value]) => [
      name,
      value === '' ? null : value,
    ]),
  );

export type ShownEntity =
  | { readonly kind: 'new' }
  | { readonly kind: 'known'; readonly param: Param; readonly history: ListPage<ParamVersion> };

interface EntityFormProps {
  readonly visit: Visit;
  readonly action: string;
  readonly parameterClass: ParameterClass;
  readonly shown: ShownEntity;
  readonly values: Fields;
  readonly canEdit: boolean;
}

export function EntityForm({
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

/** The input of one field. */
export function ColumnInput({
  words,
  column,
  value,
}: {
  words: Words;
  column: Column;
  value: FieldValue;
}): VNode {
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

/** The unit and the range of a number. */
export function hintOf(words: Words, { unit, min, max, type }: Column): string | undefined {
  const range =
    min !== undefined && max !== undefined && max < 1e9 ? words.fromTo(String(min), String(max)) : undefined;
  if (type !== 'decimal' && type !== 'integer') return undefined;
  const shownUnit = unit === undefined ? undefined : unitIn(words.language, unit);
  return [shownUnit, range].filter((part) => part !== undefined).join(', ') || undefined;
}

const inputText = (value: FieldValue): string =>
  value === null ? '' : typeof value === 'object' ? value.xml : String(value);
