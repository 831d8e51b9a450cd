import type { LogMonthStore } from '../../../shared/stores/logs/log-month-store';
import type { KitchenPhotoStore } from '../../../shared/stores/photos/kitchen-photo-store';
import type { KitchenFilesEnd } from '../../../shared/systems/kitchen-files';
import type { Files } from './files';
import type { Kitchens } from './kitchens';

/** What a pair files of which kitchens. */
export interface Archive {
  readonly photos: KitchenPhotoStore;
  readonly months: LogMonthStore;
  readonly kitchens: Kitchens;
  readonly files: Files;
  readonly end: KitchenFilesEnd;
}

/** The tables in PostgreSQL of the logs that are exported. Null: all. */
export const tablesOf = ({ logs }: KitchenFilesEnd): readonly string[] | null =>
  logs?.map((name) => name.toLowerCase()) ?? null;
