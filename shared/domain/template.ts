import type { Fields, FieldValue } from './merge-copy';

/** What would happen to an entity of a kitchen if the template went out now. */
export type TemplateEditKind = 'add' | 'change' | 'remove';

/**
 * How a kitchen deviates: it has values of its own, it has deleted an entity of the template, or it has kept one, with
 * values of its own, that the template no longer holds.
 */
export type DeviationKind = 'values' | 'deleted' | 'kept';

/** A field in which a kitchen deviates from its template. */
export interface DeviatingField {
  readonly name: string;
  readonly template: FieldValue;
  readonly site: FieldValue;
  readonly since: Date;
  /** E-mail of the member of staff, or `solution`. */
  readonly by: string;
}

/** The fields of an edit. A field without a value is one that the template does not decide. */
export const decidedFields = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
