import type { EspocrmEnd, EspocrmSettings } from '../../../shared/systems/espocrm';
import type { Outside, SystemOpening } from '../remote-system';
import type { SchemaCache } from '../schema-cache';
import type { EspoApi } from './api';
import type { EntitySchema } from './schema';

/** An opened EspoCRM, with everything that its calls need. */
export interface Espocrm {
  readonly settings: EspocrmSettings;
  /** Null: only the installed system was opened. */
  readonly end: EspocrmEnd | null;
  readonly opening: SystemOpening;
  readonly outside: Outside;
  readonly api: EspoApi;
  readonly schemas: SchemaCache<EntitySchema, string>;
}
