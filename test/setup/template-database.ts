import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, openDatabase } from '../../shared/db/database';
import { openConnection } from '../../shared/db/connection';

export interface TemplateDatabase {
  readonly name: string;
  drop(): Promise<void>;
}

/** Makes a migrated, empty database that every test's own database is copied from. */
export async function prepareTemplate(serverUrl: string): Promise<TemplateDatabase> {
  await dropAbandoned(serverUrl);
  const name = newDatabaseName('template');
  await onServer(serverUrl, `create database ${name}`);
  const db = openDatabase({ url: urlOf(serverUrl, name), maxConnections: 2, applicationName: 'epack-test' });
  await migrate(db).finally(() => db.destroy());
  return { name, drop: () => dropDatabase(serverUrl, name) };
}

/** A name that no other run has, and that tells when it was made: `epack_test_<seconds>_<purpose>_<random>`. */
export const newDatabaseName = (purpose: string): string =>
  `epack_test_${Math.floor(Date.now() / 1000)}_${purpose}_${randomBytes(6).toString('hex')}`;

/** The url of another database on the same server. */
export function urlOf(serverUrl: string, databaseName: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${databaseName}`;
  return url.href;
}

/** Runs one statement on a connection of its own. */
export async function onServer(serverUrl: string, sql: string): Promise<void> {
  const client = await openConnection(serverUrl, 'epack-test');
  await client.query(sql).finally(() => client.end());
}

/** Removes a database, whoever is connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await onServer(serverUrl, `drop database if exists ${name} with (force)`);
      return;
    } catch (error) {
      // An autovacuum worker is at it, whom only a superuser may end; it goes on soon.
      if (tries === 50 || !isForbidden(error)) throw error;
      await sleep(200);
    }
  }
}

const isForbidden = (error: unknown) => error instanceof Error && 'code' in error && error.code === '42501';

const abandonedAfterSeconds = 6 * 3600;

/** On a server that outlives the run, a run that was killed leaves its databases. */
async function dropAbandoned(serverUrl: string): Promise<void> {
  const client = await openConnection(serverUrl, 'epack-test');
  try {
    const found = await client.query<{ datname: string }>(
      `select datname from pg_database where datname ~ '^epack_test_[0-9]+_'`,
    );
    for (const { datname } of found.rows) {
      const ageSeconds = Date.now() / 1000 - Number(datname.split('_')[2]);
      if (ageSeconds > abandonedAfterSeconds)
        await client.query(`drop database if exists ${datname} with (force)`);
    }
  } finally {
    await client.end();
  }
}
