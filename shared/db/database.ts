import knex, { type Knex } from 'knex';
import type { Client } from 'pg';
import path from 'node:path';

/** The pool, or a transaction: what a store runs its SQL on. */
export type Db = Knex;

export interface Transaction {
  /** For statements. */
  readonly db: Knex.Transaction;
  /** The same connection as PostgreSQL's own client, for COPY. */
  readonly client: Client;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  readonly applicationName: string;
}

/** Opens the pool. It connects when it is first used. */
export function openDatabase(options: DatabaseOptions): Db {
  return knex({
    client: 'pg',
    connection: { connectionString: options.url, application_name: options.applicationName },
    pool: { min: 0, max: options.maxConnections },
    acquireConnectionTimeout: 10_000,
    // What fails reaches its caller as an error; knex would print it on the console besides.
    log: { warn: silence, error: silence, deprecate: silence, debug: silence },
  });
}

const silence = () => undefined;

/** Runs `work` in one transaction on one connection, which it sees both through knex and raw. */
export async function inTransaction<T>(db: Db, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const pool = db.client as ConnectionSource;
  const client = await pool.acquireConnection();
  try {
    return await db.transaction((trx) => work({ db: trx, client }), { connection: client });
  } finally {
    await pool.releaseConnection(client);
  }
}

/** How the pool's connections are used. */
export interface PoolUse {
  readonly used: number;
  readonly free: number;
  /** Who waits for one. */
  readonly waiting: number;
  readonly max: number;
}

export function poolUse(db: Db): PoolUse {
  const { pool } = db.client as { readonly pool: Pool };
  return {
    used: pool.numUsed(),
    free: pool.numFree(),
    waiting: pool.numPendingAcquires(),
    max: pool.max,
  };
}

/** The part of knex's untyped pool that counts. */
interface Pool {
  readonly max: number;
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** The part of knex's untyped client that hands out connections. */
interface ConnectionSource {
  acquireConnection(): Promise<Client>;
  releaseConnection(client: Client): Promise<void>;
}

/** Brings the schema up to date; several processes may call it at once. Answers the migrations that it ran. */
export async function migrate(db: Db): Promise<string[]> {
  const [, ran] = (await db.migrate.latest(migrations)) as [number, string[]];
  return ran;
}

/** Makes an empty database what it was after these migrations, no more and no less. Throws where one is not known. */
export async function migrateTo(db: Db, names: readonly string[]): Promise<void> {
  const [, known] = (await db.migrate.list(migrations)) as [unknown, { readonly file: string }[]];
  const unknown = names.filter((name) => !known.some(({ file }) => file === name));
  if (unknown.length > 0)
    throw new Error(`Migrations that this version does not know: ${unknown.join(', ')}`);
  for (const name of names) await db.migrate.up({ ...migrations, name });
}

const migrations = {
  directory: path.resolve(__dirname, '../../migrations'),
  loadExtensions: ['.js'],
  // A database that a later version has been at is no mistake: its migrations only add (docs/operations.md, Upgrade).
  disableMigrationsListValidation: true,
};
