import type { EspocrmEnd, EspocrmSettings } from '../../../shared/systems/espocrm';
import type { Outside, SystemOpening } from '../remote-system';
import type { EspoApi } from './api';
import type { SchemaCache } from './schema-cache';

/** An EspoCRM that was opened, with all that its calls need. */
export interface Espocrm {
  readonly settings: EspocrmSettings;
  /** Null: the installed system alone. */
  readonly end: EspocrmEnd | null;
  readonly opening: SystemOpening;
  readonly outside: Outside;
  readonly api: EspoApi;
  readonly schemas: SchemaCache;
}
