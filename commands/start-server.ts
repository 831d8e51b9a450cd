import { createServer } from 'node:http';
import path from 'node:path';
import type { Config } from '../shared/config/config';
import { withoutFilesOf } from '../shared/config/secret-files';
import { migrate, openDatabase } from '../shared/db/database';
import { countersPutBack, keepGivenIds } from '../shared/db/given-ids';
import { createLogger, type Logger } from '../shared/log';
import { closeServer, listenOn } from '../shared/metrics/ops-server';
import { makeDataFolder } from '../shared/embedded/data-folder';
import { startEmbeddedPostgres } from '../shared/embedded/embedded-postgres';
import { freePort } from '../shared/embedded/free-port';
import { runUntilStopped } from '../shared/process/lifecycle';
import { withPortNamed } from '../shared/process/operator-errors';
import { removeDemoUser } from './demo-user';
import { createSeal } from '../shared/seal/seal';
import { needKeysOfSecrets } from '../shared/stores/staff/sealed-secret-store';
import { type Supervised, supervise } from './supervisor';

export interface RunningServer {
  /** e.g. `http://localhost:8080`. */
  readonly url: string;
  /** The first user, if it was created just now; the password only if nobody chose it. */
  readonly firstAdmin: { readonly email: string; readonly drawnPassword: string | null } | null;
  readonly log: Logger;
  /** How long stopping may take. */
  readonly patienceMilliseconds: number;
  stop(): Promise<void>;
}

/**
 * Everything on one machine: the embedded database where none is configured, the schema, one API and one worker, each
 * in a separate process that is started again if it ends. `script` is the command that runs `api` and `worker`.
 */
export async function startServer(
  config: Config,
  environment: NodeJS.ProcessEnv,
  script: string,
): Promise<RunningServer> {
  const log = createLogger({ level: config.logLevel, name: 'start' });
  await makeDataFolder(config);
  // This is checked before a database is created and the API is tried three times.
  await refuseTakenPort(config);
  const database = await openOwnDatabase(config, log);
  await bringUpToDate(config, database.url, log).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  const both = {
    ...environment,
    ...withoutFilesOf(['DATABASE_URL', 'DATABASE_LISTEN_URL', 'DATABASE_READ_URL']),
    DATABASE_URL: config.poolerUrl ?? database.url,
    DATABASE_LISTEN_URL: config.poolerUrl === null ? '' : database.url,
    DATABASE_READ_URL: config.replicaUrl ?? '',
    // The settings already name the authority.
    DATABASE_CA_FILE: '',
    // The configuration has been checked for this; the embedded database listens on this machine only.
    ...(config.databaseUrl === null ? { EPACK_REQUIRE_TLS: '' } : {}),
    EPACK_DATA_DIR: config.dataDir,
  };
  const together = await metricsTogether(config);
  const start = (name: 'api' | 'worker'): Supervised =>
    supervise({
      name,
      script: path.resolve(script),
      args: [name],
      environment: { ...both, ...together[name] },
      log,
    });
  const [api, worker] = [start('api'), start('worker')];
  const stop = async () => {
    await Promise.all([api.stop(), worker.stop()]);
    await database.stop();
  };
  const said = await Promise.all([api.ready, worker.ready]).then(
    ([fromApi]) => fromApi,
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  return {
    url: `http://localhost:${String(said['port'])}`,
    firstAdmin: (said['firstAdmin'] ?? null) as RunningServer['firstAdmin'],
    log,
    // Longer than the time of its processes, so that the database always stops after them.
    patienceMilliseconds: (config.drainSeconds + 15) * 1000,
    stop,
  };
}

/** `epack start`: runs the server until it is stopped. */
export async function runServer(
  config: Config,
  environment: NodeJS.ProcessEnv,
  script: string,
  print: (line: string) => void,
): Promise<void> {
  const server = await startServer(config, environment, script);
  print(`ePack sync server: ${server.url}`);
  print(signInLine(config, server));
  await runServerUntilStopped(server);
}

export function runServerUntilStopped(server: RunningServer): Promise<void> {
  return runUntilStopped({
    log: server.log,
    ready: { url: server.url },
    stop: () => server.stop(),
    patienceMilliseconds: server.patienceMilliseconds,
  });
}

/** How to sign in. A generated password is shown only once. */
export function signInLine(config: Config, { firstAdmin }: Pick<RunningServer, 'firstAdmin'>): string {
  if (firstAdmin !== null && firstAdmin.drawnPassword !== null) {
    return `Sign in as ${firstAdmin.email} with the password ${firstAdmin.drawnPassword} (shown this once).`;
  }
  return config.adminEmail === null
    ? 'Sign in as one of your users; "epack user add" makes another.'
    : `Sign in as ${config.adminEmail} with the password from EPACK_ADMIN_PASSWORD.`;
}

/**
 * The API's metrics include those of the worker. Nothing if nobody may read them, or if each process is read itself.
 */
async function metricsTogether({
  metricsPort,
  metricsToken,
  workerPort,
}: Config): Promise<Record<'api' | 'worker', NodeJS.ProcessEnv>> {
  if ((metricsPort === null && metricsToken === null) || workerPort !== null) return { api: {}, worker: {} };
  const port = String(await freePort());
  return {
    api: { EPACK_WORKER_METRICS_URL: `http://127.0.0.1:${port}/metrics` },
    worker: { EPACK_WORKER_PORT: port, HOST: '127.0.0.1' },
  };
}

async function refuseTakenPort({ port, host, metricsPort }: Config): Promise<void> {
  const wanted = [
    { at: port, setting: 'PORT' },
    { at: metricsPort ?? 0, setting: 'EPACK_METRICS_PORT' },
  ];
  for (const { at, setting } of wanted.filter((one) => one.at !== 0)) {
    const probe = createServer();
    await listenOn(probe, at, host).catch((error: unknown) => {
      throw withPortNamed(error, at, setting);
    });
    await closeServer(probe);
  }
}

async function openOwnDatabase(config: Config, log: Logger): Promise<{ url: string; stop(): Promise<void> }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({ dataDir: config.dataDir, log: (message) => log.warn({}, message) });
}

async function bringUpToDate({ dataDir, secretsKeys }: Config, url: string, log: Logger): Promise<void> {
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-start' });
  try {
    await migrate(db);
    await removeDemoUser(db);
    await needKeysOfSecrets(db, createSeal(secretsKeys));
    const putBack = await keepGivenIds(db, dataDir);
    if (putBack.length > 0) log.warn({ counters: putBack }, countersPutBack);
  } finally {
    await db.destroy();
  }
}
