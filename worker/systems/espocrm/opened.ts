import type { EspocrmEnd, EspocrmSettings } from '../../../shared/systems/espocrm';
import type { Outside, SystemOpening } from '../remote-system';
import type { EspoApi } from './api';
import type { SchemaCache } from './schema-cache';

/** An opened EspoCRM, with everything that its calls need. */
export interface Espocrm {
  readonly settings: EspocrmSettings;
  /** Null: only the installed system was opened. */
  readonly end: EspocrmEnd | null;
  readonly opening: SystemOpening;
  readonly outside: Outside;
  readonly api: EspoApi;
  readonly schemas: SchemaCache;
}
