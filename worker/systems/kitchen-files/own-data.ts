import type { Db } from '../../../shared/db/database';
import type { Language } from '../../../shared/domain/language';
import type { FileStore } from '../../../shared/files/file-store';

/** What the connector needs of this installation. */
export interface KitchenFilesDeps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'read'>;
  /** The language of the names of exports. */
  readonly language: Language;
}
