import type { OdooEnd, OdooSettings } from '../../../shared/systems/odoo';
import type { Outside, SystemOpening } from '../remote-system';
import type { SchemaCache } from '../schema-cache';
import type { OdooApi } from './api';
import type { FieldName } from './field-name';
import type { ModelSchema } from './schema';

/** An opened Odoo, with everything that its calls need. */
export interface Odoo {
  readonly settings: OdooSettings;
  /** Null: only the installed system was opened. */
  readonly end: OdooEnd | null;
  readonly opening: SystemOpening;
  readonly outside: Outside;
  readonly api: OdooApi;
  readonly schemas: SchemaCache<ModelSchema, FieldName>;
}
