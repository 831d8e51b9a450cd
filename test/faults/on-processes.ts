import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openDatabase, type Db } from '../../shared/db/database';
import { freePort } from '../../shared/embedded/free-port';
import { createTestDatabase, databaseSettings } from '../setup/database';
import { createTestFolder } from '../setup/folder';

/** The server as it runs in production: processes of their own, made to be killed. */
export interface Processes {
  /** The URL of the API, whichever process serves it. */
  readonly url: string;
  readonly databaseUrl: string;
  readonly db: Db;
  /** The folder of the file store. */
  readonly filesDir: string;
  /** `inside`: words before the command, such as `ip netns exec name`. */
  startApi(environment?: NodeJS.ProcessEnv, inside?: readonly string[]): Promise<RunningProcess>;
  startWorker(environment?: NodeJS.ProcessEnv, inside?: readonly string[]): Promise<RunningProcess>;
  /** Ends everything. Rejects where a process has ended that nobody had told to. */
  end(): Promise<void>;
}

export interface RunningProcess {
  readonly pid: number;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Stops in order. */
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

interface Place {
  readonly environment?: NodeJS.ProcessEnv;
  /** Where it is not a database of the test run's PostgreSQL. */
  readonly databaseUrl?: string;
}

const program = path.resolve(__dirname, '../../dist/epack.js');

/** Nothing runs until it is started. The program is the built one: `npm run build`. */
export async function createProcesses({ environment = {}, databaseUrl }: Place = {}): Promise<Processes> {
  if (!existsSync(program))
    throw new Error('These tests kill real processes of dist/epack.js: run "npm run build" first.');
  const database = databaseUrl === undefined ? await createTestDatabase() : givenDatabase(databaseUrl);
  const folder = createTestFolder();
  const port = await freePort();
  const log = path.join(folder.path, 'processes.log');
  const settings = {
    ...process.env,
    ...databaseSettings(database.url),
    EPACK_DATA_DIR: path.join(folder.path, 'data'),
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    ...environment,
  };
  const running = new Set<RunningProcess>();
  const surprises: string[] = [];

  return {
    url: `http://127.0.0.1:${port}`,
    databaseUrl: database.url,
    db: database.db,
    filesDir: path.join(folder.path, 'data', 'files'),
    startApi: (own = {}, inside = []) => start('api', { ...settings, ...own }, inside),
    startWorker: (own = {}, inside = []) => start('worker', { ...settings, ...own }, inside),
    async end() {
      await Promise.all([...running].map((each) => each.kill()));
      await database.drop();
      const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-3000) : '';
      folder.remove();
      if (surprises.length > 0) throw new Error(`${surprises.join('\n')}\n${said}`);
    },
  };

  async function start(
    name: string,
    env: NodeJS.ProcessEnv,
    inside: readonly string[],
  ): Promise<RunningProcess> {
    const [execPath, ...execArgv] = inside.length === 0 ? [process.execPath] : [...inside, process.execPath];
    const child = fork(program, [name], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execPath,
      execArgv,
    });
    child.stdout?.on('data', (text: Buffer) => appendFileSync(log, text));
    child.stderr?.on('data', (text: Buffer) => appendFileSync(log, text));
    const handle = handleOf(child, () => running.delete(handle));
    running.add(handle);
    child.once('exit', (code, signal) => {
      if (running.has(handle)) surprises.push(`${name} ended by itself: ${String(code ?? signal)}`);
    });
    await isReady(child, name);
    return handle;
  }
}

function givenDatabase(url: string) {
  const db = openDatabase({ url, maxConnections: 5, applicationName: 'epack-test' });
  return { url, db, drop: () => db.destroy() };
}

function isReady(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`${name} did not start: ${String(code)}`)));
  });
}

function handleOf(child: ChildProcess, forget: () => void): RunningProcess {
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    forget();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

/** How a sync's job stands. */
export async function jobOf(
  db: Db,
  sync: string,
): Promise<{ state: string; attempts: number; fence: number } | undefined> {
  return db<{ sync_id: string; state: string; attempts: number; fence: number }>('job')
    .where({ sync_id: sync })
    .orderBy('id', 'desc')
    .first('state', 'attempts', 'fence');
}

/** Holds a table so that nobody else can write to it, until `release`. */
export async function holdTable(db: Db, table: string): Promise<{ release(): Promise<void> }> {
  const transaction = await db.transaction();
  await transaction.raw(`lock table ${table} in exclusive mode`);
  return {
    release: async () => {
      await transaction.rollback();
    },
  };
}
