import { connect, type Socket } from 'node:net';
import type { SqlServerSettings } from '../../../shared/systems/sql-server';
import { Trouble } from '../../pipeline/trouble';
import { type SqlDriver, SqlFault, type SqlRow, type SqlStatement, type SqlValue } from '../sql/driver';
import type { TdsConnection, Tedious } from './tedious';

/**
 * SQL Server by `tedious`, which has no pool: an idle connection waits some time for the next statement. The caller
 * limits how many there are. Several statements are one batch with its own transaction.
 */
export function createSqlServerDriver(settings: SqlServerSettings, tedious: Tedious): SqlDriver {
  const connections = createConnections(settings, tedious);
  return {
    async run(steps, signal) {
      signal.throwIfAborted();
      const connection = await connections.take(signal);
      try {
        let rows: readonly SqlRow[] = [];
        for (const step of steps) rows = await execute(tedious, connection, step(rows), signal);
        connections.giveBack(connection);
        return rows;
      } catch (error) {
        // After a refusal the connection can be used again; after any other error its state is unknown.
        if (error instanceof SqlFault) connections.giveBack(connection);
        else connections.drop(connection);
        throw error;
      }
    },
    close: () => connections.end(),
  };
}

const deadlineMs = 30_000;
const idleMs = 10_000;

// One statement

function execute(
  { Request, TYPES }: Tedious,
  connection: OpenConnection,
  { text, values }: SqlStatement,
  signal: AbortSignal,
): Promise<readonly SqlRow[]> {
  return new Promise((resolve, reject) => {
    const rows: SqlRow[] = [];
    let hasResult = false;
    const leave = () => {
      connection.tds.cancel();
      reject(reasonOf(signal));
    };
    const request = new Request(text, (error) => {
      signal.removeEventListener('abort', leave);
      if (error !== null && error !== undefined) reject(faultOf(error));
      else if (hasResult) resolve(rows);
      else reject(new Trouble('unavailable', 'the answer to a statement has no rows, and does not say so'));
    });
    values.forEach((value, place) => {
      const isBytes = value instanceof Uint8Array;
      request.addParameter(
        `p${place + 1}`,
        isBytes ? TYPES.VarBinary : TYPES.NVarChar,
        isBytes ? Buffer.from(value) : value,
      );
    });
    request.on('columnMetadata', () => (hasResult = true));
    request.on('row', (columns) => rows.push(columns.map(({ value }) => valueOf(value))));
    signal.addEventListener('abort', leave, { once: true });
    connection.tds.execSql(request);
  });
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('the call was to end');
}

/** Whole numbers, doubles and bits arrive as such; the server has converted all other values into texts. */
function valueOf(value: unknown): SqlValue {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Trouble('invalid', `a value came as ${typeof value}, which nobody expects`);
}

/** If there are several errors, the first is the cause: "The statement has been terminated." follows it. */
function faultOf(error: Error): SqlFault | Trouble {
  const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first instanceof Error && 'number' in first && typeof first.number === 'number')
    return new SqlFault(String(first.number), first.message, particularsOf(first.number, first.message));
  return new Trouble('unavailable', `the connection failed (${causeOf(error)})`, undefined, { cause: error });
}

/**
 * "… UNIQUE KEY constraint 'UQ_x'. Cannot insert duplicate key in object …" and "… with unique index 'IX_x'": it is the
 * name in quotes before that of the object, in any language. For 515, the column is the first name.
 */
function particularsOf(number: number, message: string) {
  const [first, second] = [...message.matchAll(/['"«‘]([^'"»’]+)['"»’]/g)].map(([, name]) => name);
  if (number === 2627) return { constraint: first };
  if (number === 2601) return { constraint: second };
  return number === 515 ? { column: first } : {};
}

/** A code of ours or of the system; the text of an error may contain an address or more. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'unknown error';
}

// Connections

interface OpenConnection {
  readonly tds: TdsConnection;
  isOver: boolean;
  idle: NodeJS.Timeout | null;
}

interface Connections {
  take(signal: AbortSignal): Promise<OpenConnection>;
  giveBack(connection: OpenConnection): void;
  drop(connection: OpenConnection): void;
  end(): Promise<void>;
}

function createConnections(settings: SqlServerSettings, tedious: Tedious): Connections {
  const idle: OpenConnection[] = [];
  let isClosed = false;
  const drop = (connection: OpenConnection) => {
    if (connection.idle !== null) clearTimeout(connection.idle);
    const place = idle.indexOf(connection);
    if (place >= 0) idle.splice(place, 1);
    connection.isOver = true;
    connection.tds.close();
  };
  return {
    async take(signal) {
      for (let known = idle.pop(); known !== undefined; known = idle.pop()) {
        if (known.idle !== null) clearTimeout(known.idle);
        if (!known.isOver) return known;
      }
      return open(settings, tedious, signal);
    },
    giveBack(connection) {
      if (isClosed || connection.isOver) {
        drop(connection);
        return;
      }
      connection.idle = setTimeout(() => drop(connection), idleMs).unref();
      idle.push(connection);
    },
    drop,
    async end() {
      isClosed = true;
      [...idle].forEach(drop);
    },
  };
}

async function open(
  settings: SqlServerSettings,
  { Connection }: Tedious,
  signal: AbortSignal,
): Promise<OpenConnection> {
  const tds = new Connection(configOf(settings));
  const connection: OpenConnection = { tds, isOver: false, idle: null };
  const over = () => (connection.isOver = true);
  // If a connection is lost while a statement runs, that statement fails.
  tds.on('error', over);
  tds.on('end', over);
  let code: number | null = null;
  tds.on('errorMessage', ({ number }) => (code ??= number ?? null));
  await new Promise<void>((resolve, reject) => {
    const leave = () => {
      tds.close();
      reject(reasonOf(signal));
    };
    signal.addEventListener('abort', leave, { once: true });
    tds.connect((error) => {
      signal.removeEventListener('abort', leave);
      if (error === undefined) resolve();
      else reject(loginFault(error, code));
    });
  });
  return connection;
}

/** An error of the server at the login has a number; an error of the network has none. */
function loginFault(error: Error, code: number | null): Error {
  if (code !== null) return new SqlFault(String(code), error.message);
  const isOurs = 'code' in error && error.code === 'EENCRYPT';
  return isOurs ? new Trouble('unauthorized', error.message) : faultOf(error);
}

/** For `HOST\INSTANCE`, the port is asked of the host. */
function configOf({ host, port, database, auth, tls }: SqlServerSettings): object {
  const [server = host, instanceName] = host.split('\\');
  const address = instanceName === undefined ? { port: Number(port) } : { instanceName };
  const isStrict = (tls === 'require' || tls === 'verify') && instanceName === undefined;
  return {
    server,
    authentication: { type: 'default', options: { userName: auth.user, password: auth.password } },
    options: {
      ...address,
      database,
      encrypt: tls !== 'off',
      trustServerCertificate: tls !== 'verify',
      connectTimeout: 10_000,
      requestTimeout: deadlineMs,
      cancelTimeout: 2_000,
      // A wrong password must not be tried several times.
      maxRetriesOnTransientErrors: 0,
      appName: 'epack',
      lowerCaseGuids: true,
      ...(isStrict ? { port: undefined, connector: () => encryptedOnly(server, Number(port)) } : {}),
    },
  };
}

/** `tedious` continues without encryption if the server has no TLS: the password could then be read on the way. */
async function encryptedOnly(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port });
  socket.once('data', (answer) => {
    if (!offersTls(answer)) socket.destroy(new Error('the server does not support TLS'));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

/** MS-TDS 2.2.6.5, PRELOGIN: after a header of 8 bytes, tokens of 5 bytes; 1 is the encryption, 2 "not supported". */
function offersTls(answer: Buffer): boolean {
  for (let place = 8; place + 5 <= answer.length && answer[place] !== 0xff; place += 5)
    if (answer[place] === 1) {
      const encryption = answer[8 + answer.readUInt16BE(place + 1)];
      return encryption === 1 || encryption === 3;
    }
  return false;
}
