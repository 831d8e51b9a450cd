import type { VNode } from 'preact';
import { type Column, unitIn } from '../../../shared/catalog/column';
import { fieldLabelOf, labelOf } from '../../../shared/catalog/labels';
import type { Words } from './words';

/** As people call it, and by the name of the wire below, by which programs and files know it. */
export const LabelWithWireName = ({ words, name }: { words: Words; name: string }): VNode => (
  <>
    {labelText(words, name)}
    {labelText(words, name) !== name && <code class="under">{name}</code>}
  </>
);

/** The label of a parameter class or a log table, or its name in the protocol if the catalogue has no label. */
export const labelText = ({ language }: Pick<Words, 'language'>, name: string): string =>
  labelOf(language, name);

/** The same of a field of a class or a table; undeclared fields keep the name that they came with. */
export const fieldLabel = ({ language }: Words, of: string | null, name: string): string =>
  fieldLabelOf(language, of, name);

/** A field as people call it; its title is the name of the wire. */
export function FieldName({ words, of, name }: { words: Words; of: string; name: string }): VNode {
  const label = fieldLabel(words, of, name);
  return label === name ? <>{name}</> : <span title={name}>{label}</span>;
}

/** The head of a column of readings or settings, with its unit. */
export const columnHead = ({ language }: Words, { name, label, unit, type }: Column) => ({
  label: (
    <span title={name}>
      {unit === undefined ? label[language] : `${label[language]} (${unitIn(language, unit)})`}
    </span>
  ),
  isNumber: type === 'decimal' || type === 'integer',
});

/** A value of a field that takes only some, as people call it. */
export const choiceText = (
  { language }: Words,
  { choices }: Pick<Column, 'choices'>,
  value: string,
): string =>
  (choices !== undefined && Object.hasOwn(choices, value) ? choices[value]?.[language] : undefined) ?? value;
