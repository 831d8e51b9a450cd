import knex, { type Knex } from 'knex';
import type { Client } from 'pg';
import path from 'node:path';
import { keptAlive } from './connection';
import { isReadOnlyNow, isStatementOverdue } from './database-away';
import { failSoon } from './fail-soon';
import { chooseServer, type ServerChoice } from './server-choice';
import { transactionConnection } from './transaction-connection';

/** The pool, or a transaction: what a store runs its SQL on. */
export type Db = Knex;

export interface Transaction {
  /** For statements. */
  readonly db: Knex.Transaction;
  /** The same connection as PostgreSQL's own client, for COPY. */
  readonly client: Client;
  /**
   * The next statement is the last one: it is sent together with the COMMIT, which saves a round trip. If it fails,
   * nothing is committed; whatever it returns, everything is.
   */
  readonly commitWithNext: () => void;
}

export interface DatabaseOptions {
  /** It may name several servers. Each new connection is to the one that accepts writes. */
  readonly url: string;
  readonly maxConnections: number;
  readonly applicationName: string;
  /**
   * A statement that takes longer has failed, and its connection is closed. Without a value, a statement may take any
   * time.
   */
  readonly statementPatienceMs?: number;
  /** True: `url` leads to a pooler in transaction mode, so that a session has no settings of its own. */
  readonly isPooled?: boolean;
  /** False: connections do not keep prepared statements, for a pooler that cannot follow them. */
  readonly isPreparing?: boolean;
}

/** Opens the pool. It connects when it is first used. */
export function openDatabase({
  url,
  maxConnections,
  applicationName,
  statementPatienceMs,
  isPooled = false,
  isPreparing = true,
}: DatabaseOptions): Db {
  const db = knex({
    client: 'pg',
    connection: {
      application_name: applicationName,
      connectionTimeoutMillis: connectPatienceMs,
      ...keptAlive,
      ...(statementPatienceMs === undefined ? {} : { query_timeout: statementPatienceMs }),
    },
    pool: {
      min: 0,
      max: maxConnections,
      // A failed attempt ends the wait of one caller only. The others must not wait long for theirs.
      createRetryIntervalMillis: 20,
      ...(isPooled ? {} : { afterCreate: beginSession }),
    },
    acquireConnectionTimeout: 10_000,
    // An error reaches the caller. Without this, knex would print it on the console as well.
    log: { warn: silence, error: silence, deprecate: silence, debug: silence },
  });
  connectSoon(db, chooseServer(url));
  if (!isPreparing) notPreparing.add(configOf(db));
  db.on('query-error', (error: Error, { __knexUid: uid }: { readonly __knexUid: string }) => {
    if (isStatementOverdue(error) || isReadOnlyNow(error))
      giveUp(connectionsOf(db).filter(({ __knexUid }) => __knexUid === uid));
  });
  return db;
}

/** Connects to the right one of the servers, and lets nobody wait for a server that is known not to reply. */
function connectSoon(db: Db, servers: ServerChoice): void {
  const source = db.client as RawConnections;
  const connectNow = source.acquireRawConnection.bind(source);
  const acquireNow = source.acquireConnection.bind(source);
  const reach = failSoon(() =>
    servers.connect((connectionString) => {
      // It is read before this call returns.
      source.connectionSettings = { ...source.connectionSettings, connectionString };
      return connectNow();
    }),
  );
  source.acquireRawConnection = () => reach.open();
  source.acquireConnection = async () => {
    const refusal = poolOf(db).numFree() > 0 ? null : reach.refusal();
    if (refusal !== null) throw refusal;
    return await acquireNow();
  };
}

/** A server that does not complete a connection in this time is away. It is less than callers wait for a connection. */
const connectPatienceMs = 4_000;

/** Whether the connections of this pool may keep prepared statements. */
export const isPreparing = (db: Db): boolean => !notPreparing.has(configOf(db));

/** A pool and its transactions share this object. */
const configOf = (db: Db): object => (db.client as { readonly config: object }).config;
const notPreparing = new WeakSet<object>();

/**
 * Gives up the connection of a statement that did not go through knex, if the statement took too long, or if the server
 * accepts no writes any more.
 */
export function giveUpUnusable(client: Client, error: unknown): void {
  if (error instanceof Error && (isStatementOverdue(error) || isReadOnlyNow(error)))
    giveUp([client as PooledConnection]);
}

/**
 * Closes every connection. Statements in progress fail as they do when PostgreSQL goes away, and the next statement
 * opens a new connection. Call it when connections may be dead without a sign of it (docs/decisions/024).
 */
export function dropConnections(db: Db): void {
  giveUp(connectionsOf(db));
}

function giveUp(connections: readonly PooledConnection[]): void {
  for (const client of connections) {
    const error = new Error('Connection terminated: nothing came back on it');
    // Otherwise the pool would hand it out again before its socket reports the end.
    client.__knex__disposed = error;
    client.connection.stream.destroy(error);
  }
}

const connectionsOf = (db: Db): PooledConnection[] => {
  const { used, free } = poolOf(db);
  return [...used, ...free].map(({ resource }) => resource);
};

/**
 * PostgreSQL keeps the locks of a session until it notices that the client is gone. By default that takes two hours.
 * JIT compilation is off, because it helps only statements that read millions of rows, and PostgreSQL often guesses wrong
 * which statements do.
 */
function beginSession(connection: Client, done: (error: Error | null) => void): void {
  connection.query(
    `select set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
       set_config('tcp_keepalives_count', '4', false), set_config('tcp_user_timeout', '30000', false),
       set_config('jit', 'off', false)`,
    done,
  );
}

const silence = () => undefined;

/** Runs `work` in one transaction on one connection, which it sees both through knex and raw. */
export async function inTransaction<T>(db: Db, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const pool = db.client as ConnectionSource;
  const pooled = await pool.acquireConnection();
  const { client, commitWithNext } = transactionConnection(pooled, isPreparing(db));
  try {
    return await db.transaction((trx) => work({ db: trx, client, commitWithNext }), { connection: client });
  } finally {
    await pool.releaseConnection(pooled);
  }
}

/** How the pool's connections are used. */
export interface PoolUse {
  readonly used: number;
  readonly free: number;
  /** The number of callers that wait for a connection. */
  readonly waiting: number;
  readonly max: number;
}

export function poolUse(db: Db): PoolUse {
  const pool = poolOf(db);
  return {
    used: pool.numUsed(),
    free: pool.numFree(),
    waiting: pool.numPendingAcquires(),
    max: pool.max,
  };
}

const poolOf = (db: Db): Pool => (db.client as { readonly pool: Pool }).pool;

/** The part of knex's untyped pool that counts. */
interface Pool {
  readonly max: number;
  readonly used: readonly { readonly resource: PooledConnection }[];
  readonly free: readonly { readonly resource: PooledConnection }[];
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** The part of knex's untyped client that opens connections. */
interface RawConnections {
  connectionSettings: object;
  acquireConnection(): Promise<Client>;
  acquireRawConnection(): Promise<Client>;
}

/** PostgreSQL's own client, and what knex calls it. */
interface PooledConnection extends Client {
  readonly __knexUid: string;
  /** Set: not to be used again. */
  __knex__disposed?: Error;
}

/** The part of knex's untyped client that hands out connections. The client of a transaction hands out its connection. */
export interface ConnectionSource {
  acquireConnection(): Promise<Client>;
  releaseConnection(client: Client): Promise<void>;
}

/**
 * Brings the schema up to date. Several processes may call it at the same time. Returns the names of the migrations
 * that it ran.
 */
export async function migrate(db: Db): Promise<string[]> {
  const [, ran] = (await db.migrate.latest(migrations)) as [number, string[]];
  return ran;
}

/** Runs exactly these migrations on an empty database. Throws if this version does not know one of them. */
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
  // A database that a later version has migrated is accepted, because migrations only add (docs/operations.md,
  // Upgrade).
  disableMigrationsListValidation: true,
};
