/**
 * A field as a pair names it. `country_id` shows a relation by the number of its record, `country_id/id` by its external
 * id, as Odoo's own exports do.
 */
export interface FieldName {
  /** The name as the pair writes it. */
  readonly written: string;
  /** Odoo's own name. */
  readonly own: string;
  readonly isExternal: boolean;
}

export function fieldName(written: string): FieldName {
  const own = written.endsWith(ending) ? written.slice(0, -ending.length) : written;
  return { written, own, isExternal: own !== written };
}

const ending = '/id';
