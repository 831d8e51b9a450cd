import type { Config } from '../config/config';
import { findEmbeddedPostgres } from './embedded-postgres';

/** The configured database, else the embedded one that runs on the data folder. Throws a sentence where there is none. */
export async function findDatabaseUrl(config: Pick<Config, 'databaseUrl' | 'dataDir'>): Promise<string> {
  const url = config.databaseUrl ?? (await findEmbeddedPostgres(config.dataDir));
  if (url !== null) return url;
  throw new Error(
    'There is no database: set DATABASE_URL, or run "epack start" on this data folder (EPACK_DATA_DIR) first.',
  );
}
