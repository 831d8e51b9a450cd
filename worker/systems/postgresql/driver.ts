import { DatabaseError, Pool, type PoolClient } from 'pg';
import type { PostgresqlSettings } from '../../../shared/systems/postgresql';
import { Trouble } from '../../pipeline/trouble';
import { type SqlDriver, SqlFault, type SqlRow, type SqlStatement, type SqlStep } from '../sql/driver';

/**
 * PostgreSQL by `pg`. Connections are opened when they are needed, and closed when they have not been used for some
 * time.
 */
export function createPostgresqlDriver(settings: PostgresqlSettings): SqlDriver {
  const connections = createConnections(settings);
  return {
    async run(steps, signal) {
      const client = await connections.take();
      let isReleased = false;
      const release = (isBroken: boolean) => {
        if (!isReleased) client.release(isBroken);
        isReleased = true;
      };
      // Closing the connection is the only way to abort a statement.
      const leave = () => release(true);
      signal.addEventListener('abort', leave, { once: true });
      try {
        signal.throwIfAborted();
        const rows = await runSteps(client, steps);
        release(false);
        return rows;
      } catch (error) {
        // After a lost response the connection is not used again, so its errors do not matter.
        release(!(error instanceof DatabaseError && error.severity === 'ERROR'));
        signal.throwIfAborted();
        throw faultOf(error);
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
    close: () => connections.end(),
  };
}

const deadlineMs = 30_000;

/** Dates, times, bytes and floats are written in one form, whatever the settings of the server and the user are. */
const session = [
  `set time zone 'UTC'`,
  `set datestyle = 'ISO, YMD'`,
  `set intervalstyle = 'iso_8601'`,
  `set bytea_output = 'hex'`,
  'set extra_float_digits = 1',
  `set statement_timeout = ${deadlineMs}`,
  `set idle_in_transaction_session_timeout = ${deadlineMs}`,
  `set application_name = 'epack'`,
].join('; ');

// Statements

async function runSteps(client: PoolClient, steps: readonly SqlStep[]): Promise<readonly SqlRow[]> {
  const [only, ...more] = steps;
  if (only === undefined) return [];
  if (more.length === 0) return runOne(client, only([]));
  await client.query('begin');
  try {
    let rows: readonly SqlRow[] = [];
    for (const step of steps) {
      rows = await runOne(client, step(rows));
      if (rows.length === 0) break;
    }
    await client.query('commit');
    return rows;
  } catch (error) {
    if (error instanceof DatabaseError) await client.query('rollback');
    throw error;
  }
}

async function runOne(client: PoolClient, { text, values }: SqlStatement): Promise<readonly SqlRow[]> {
  const result = await client.query<(string | null)[]>({
    text,
    values: values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
    rowMode: 'array',
    // The driver must not convert values into numbers and dates.
    types: { getTypeParser: () => (value: unknown) => value },
  });
  return result.rows;
}

function faultOf(error: unknown): unknown {
  if (error instanceof Trouble) return error;
  if (error instanceof DatabaseError && error.code !== undefined) {
    const { code, message, detail, column, constraint, routine } = error;
    const text = detail === undefined ? message : `${message}: ${detail}`;
    return new SqlFault(code, text, { column, constraint, routine });
  }
  return new Trouble('unavailable', `the connection failed (${causeOf(error)})`, undefined, { cause: error });
}

/** The code of Node or of the system; the text of an error may contain an address or more. */
function causeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : 'unknown error';
}

// Connections

interface Connections {
  take(): Promise<PoolClient>;
  end(): Promise<void>;
}

function createConnections(settings: PostgresqlSettings): Connections {
  let isPlain = settings.tls === 'off';
  let pool = poolOf(settings, isPlain);
  return {
    async take() {
      try {
        return await pool.connect();
      } catch (error) {
        if (!isPlain && settings.tls === 'prefer' && hasNoTls(error)) {
          await pool.end();
          isPlain = true;
          pool = poolOf(settings, isPlain);
          return this.take();
        }
        throw faultOf(error);
      }
    },
    end: async () => {
      if (!pool.ended) await pool.end();
    },
  };
}

const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message === 'The server does not support SSL connections';

function poolOf({ host, port, database, auth, tls, limits }: PostgresqlSettings, isPlain: boolean): Pool {
  const pool = new Pool({
    host,
    port: Number(port),
    database,
    user: auth.user,
    password: auth.password,
    ssl: isPlain ? false : { rejectUnauthorized: tls === 'verify' },
    max: limits.atOnce,
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    // The server's own limit applies first.
    query_timeout: deadlineMs + 5_000,
    allowExitOnIdle: true,
    keepAlive: true,
    verify: (client, done) => {
      client.query(session).then(() => done(), done);
    },
  });
  // If a connection is lost while it is idle, the next caller opens a new one.
  pool.on('error', () => undefined);
  // If a connection is lost while a statement runs, that statement fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
