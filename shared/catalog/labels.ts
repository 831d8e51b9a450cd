import type { Label, Language } from '../domain/language';
import type { Column } from './column';
import { findLogTable } from './log-tables';
import { findParameterClass, sharedFieldLabels } from './parameter-classes';

/** The label of a parameter class or a log table. A name that the catalogue does not know is its own label. */
export function labelOf(language: Language, subject: string): string {
  return declared(subject)?.label[language] ?? subject;
}

/** The label of a field of a class or a table. An undeclared field is labelled with its name on the wire. */
export function fieldLabelOf(language: Language, subject: string | null, field: string): string {
  const known = subject === null ? undefined : declared(subject);
  const column = known?.columns.find(({ name }) => name === field);
  return (column?.label ?? sharedFieldLabels.get(field))?.[language] ?? field;
}

const declared = (
  subject: string,
): { readonly label: Label; readonly columns: readonly Column[] } | undefined =>
  findParameterClass(subject) ?? findLogTable(subject);
