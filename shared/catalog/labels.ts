import type { Label, Language } from '../domain/language';
import type { Column } from './column';
import { findLogTable } from './log-tables';
import { findParameterClass, sharedFieldLabels } from './parameter-classes';

/** What people call a parameter class or a log table; its name on the wire where the catalogue has no such. */
export function labelOf(language: Language, subject: string): string {
  return declared(subject)?.label[language] ?? subject;
}

/** What people call a field of a class or a table. Undeclared fields keep the name that they came with. */
export function fieldLabelOf(language: Language, subject: string | null, field: string): string {
  const known = subject === null ? undefined : declared(subject);
  const column = known?.columns.find(({ name }) => name === field);
  return (column?.label ?? sharedFieldLabels.get(field))?.[language] ?? field;
}

const declared = (
  subject: string,
): { readonly label: Label; readonly columns: readonly Column[] } | undefined =>
  findParameterClass(subject) ?? findLogTable(subject);
