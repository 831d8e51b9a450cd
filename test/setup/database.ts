import { openDatabase, type Db } from '../../shared/db/database';
import { dropDatabase, newDatabaseName, onServer, urlOf } from './template-database';

export interface TestDatabase {
  readonly url: string;
  readonly db: Db;
  /** Closes `db` and removes the database, whoever else is still connected to it. */
  drop(): Promise<void>;
}

/** An empty, migrated database of its own, copied from the run's template. Call `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = setting('EPACK_TEST_POSTGRES');
  const name = newDatabaseName('suite');
  await onServer(server, `create database ${name} template ${setting('EPACK_TEST_TEMPLATE')}`);
  const url = urlOf(server, name);
  const db = openDatabase({ url, maxConnections: 10, applicationName: 'epack-test' });
  return {
    url,
    db,
    async drop() {
      await db.destroy();
      await dropDatabase(server, name);
    },
  };
}

/** The settings of a server on this database: through the pooler of the test, where it has started one. */
export function databaseSettings(url: string): NodeJS.ProcessEnv {
  const pooler = process.env['EPACK_TEST_POOLER'] ?? '';
  if (pooler === '') return { DATABASE_URL: url };
  const through = new URL(url);
  through.host = pooler;
  return { DATABASE_URL: through.href, DATABASE_LISTEN_URL: url };
}

/** A value that the global set-up left in the environment. */
export function setting(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set: run the tests through jest.config.cjs.`);
  return value;
}
