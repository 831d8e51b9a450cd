import { execFile, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, chownSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { openConnection } from '../../shared/db/connection';
import { ourselves, type SystemUser, unprivilegedUser } from '../../shared/embedded/system-user';
import { eventually } from '../queue/eventually';
import { startTiedShell } from './tied-shell';

// Debian's PostgreSQL 15, which has what the embedded one lacks: programs for standbys. Suites name it with
// `describeWithPrograms([debianPostgres])`.

export const debianPrograms = '/usr/lib/postgresql/15/bin';
export const debianPostgres = `${debianPrograms}/pg_basebackup`;

/** A server of the test's own. It ends with this process. */
export interface DebianPostgres {
  /** `postgres://epack@host:port`, without a database. The role `epack` may do everything. */
  readonly host: string;
  readonly port: number;
  /** Starts it again on the same files; resolves when it can be used. */
  start(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** A standby becomes a primary. */
  promote(): Promise<void>;
}

export interface ServerPlace {
  /** An empty folder, or none yet. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** Words before each command, such as `ip netns exec name`. */
  readonly inside?: readonly string[];
}

/** A new server with the empty database `epack`. */
export async function startPrimary(place: ServerPlace): Promise<DebianPostgres> {
  const server = await serverIn(place);
  const initialise = ['-U', 'epack', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  await server.run(`${debianPrograms}/initdb`, ['-D', server.data, ...initialise]);
  await server.allow();
  await server.start();
  await onDatabase(server, 'postgres', 'create database epack');
  return server;
}

/** A standby of that server, which confirms each commit before the client is told. */
export async function startStandby(primary: DebianPostgres, place: ServerPlace): Promise<DebianPostgres> {
  const server = await startReplica(primary, place);
  // It is set here alone: a standby that is promoted has no standby to wait for.
  await onDatabase(primary, 'postgres', `alter system set synchronous_standby_names = '*'`);
  await onDatabase(primary, 'postgres', 'select pg_reload_conf()');
  await eventually('the standby confirms commits', async () => {
    const rows = await onDatabase(primary, 'postgres', 'select sync_state from pg_stat_replication');
    return rows.some((row) => JSON.stringify(row).includes('sync"'));
  });
  return server;
}

/** A standby of that server, which follows it without being waited for. */
export async function startReplica(primary: DebianPostgres, place: ServerPlace): Promise<DebianPostgres> {
  const server = await serverIn(place);
  const from = ['-h', primary.host, '-p', String(primary.port), '-U', 'epack'];
  const how = ['-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  await server.run(debianPostgres, ['-D', server.data, ...from, ...how]);
  await server.start();
  return server;
}

/** Runs one statement on that very server. */
export async function onDatabase(
  { host, port }: Pick<DebianPostgres, 'host' | 'port'>,
  database: string,
  sql: string,
): Promise<unknown[]> {
  const client = await openConnection(`postgres://epack@${host}:${port}/${database}`, 'epack-test');
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function serverIn({ folder, host, port, inside = [] }: ServerPlace) {
  const user = await postgresUser();
  mkdirSync(folder, { recursive: true });
  chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const log = path.join(folder, 'postgres.log');
  const become = [...inside, ...wordsToBecome(user)];
  let child: ChildProcess | null = null;
  const server = { host, port, data, run, allow, start, kill, promote };
  return server;

  async function run(program: string, words: readonly string[]): Promise<void> {
    const [first = program, ...rest] = [...become, program, ...words];
    await promisify(execFile)(first, rest, { cwd: folder });
  }

  /** Servers and clients of one test may have addresses of their own. */
  async function allow(): Promise<void> {
    const lines = 'host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n';
    await run('/bin/sh', ['-c', 'printf "%s" "$0" >> "$1"', lines, path.join(data, 'pg_hba.conf')]);
  }

  async function start(): Promise<void> {
    const output = openSync(log, 'a');
    const words = [...become, `${debianPrograms}/postgres`, '-D', data, ...settingsOf(host, port)];
    const started = startTiedShell(becomeServer, { words, cwd: folder, output });
    closeSync(output);
    child = started;
    await eventually('PostgreSQL can be used', async () => {
      if (hasEnded(started))
        throw new Error(`PostgreSQL does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
      return onDatabase(server, 'postgres', 'select 1').then(
        () => true,
        () => false,
      );
    });
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await eventually('PostgreSQL has ended', () => child === null || hasEnded(child));
    // Its processes end by themselves when they notice.
    await eventually('nobody holds its files', () => !isHeld(path.join(data, 'postmaster.pid')));
  }

  async function promote(): Promise<void> {
    await onDatabase(server, 'postgres', 'select pg_promote()');
  }
}

const settingsOf = (host: string, port: number): string[] =>
  [
    `listen_addresses=${host}`,
    `port=${port}`,
    'unix_socket_directories=',
    // A process that is killed loses nothing that it has written; only a machine would.
    'fsync=off',
    'shared_buffers=32MB',
    'max_connections=120',
    'wal_retrieve_retry_interval=200ms',
    'hot_standby_feedback=on',
  ].flatMap((setting) => ['-c', setting]);

/** The shell turns into the server ($0), after it has left a grandchild that ends it with us. */
const becomeServer = '( ( exec >/dev/null 2>&1; read -r _ <&4; kill -KILL $$ ) & ); exec "$0" "$@" 4<&-';

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** True while a process of the killed server lives: the shared memory that the file names is in use. */
function isHeld(pidFile: string): boolean {
  if (!existsSync(pidFile)) return false;
  const [, key = ''] = (readFileSync(pidFile, 'utf8').split('\n')[6] ?? '').trim().split(/\s+/);
  const { stdout } = spawnSync('ipcs', ['-m', '-i', key], { encoding: 'utf8' });
  return Number(/nattch=(\d+)/.exec(stdout)?.[1] ?? 0) > 0;
}

const postgresUser = async (): Promise<SystemUser> =>
  ourselves().uid === 0 ? await unprivilegedUser() : ourselves();

/** PostgreSQL refuses to run as root. */
const wordsToBecome = ({ uid, gid }: SystemUser): string[] =>
  ourselves().uid === 0 ? ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] : [];
