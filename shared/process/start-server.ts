import path from 'node:path';
import type { Config } from '../config/config';
import { migrate, openDatabase } from '../db/database';
import { createLogger, type Logger } from '../log';
import { startEmbeddedPostgres } from './embedded-postgres';
import { runUntilStopped } from './lifecycle';
import { type Supervised, supervise } from './supervisor';

export interface RunningServer {
  /** e.g. `http://localhost:8080`. */
  readonly url: string;
  /** Whom to sign in as, where that user was made just now; the password only where nobody chose it. */
  readonly firstAdmin: { readonly email: string; readonly drawnPassword: string | null } | null;
  readonly log: Logger;
  stop(): Promise<void>;
}

/**
 * Everything on one machine: the embedded database where none is configured, the schema, one API and one worker,
 * each a process of its own that is started again if it ends. `script` is the command that runs `api` and `worker`.
 */
export async function startServer(
  config: Config,
  environment: NodeJS.ProcessEnv,
  script: string,
): Promise<RunningServer> {
  const log = createLogger({ level: config.logLevel, name: 'start' });
  const database = await openOwnDatabase(config, log);
  await bringUpToDate(database.url);
  const start = (name: string): Supervised =>
    supervise({
      name,
      script: path.resolve(script),
      args: [name],
      environment: { ...environment, DATABASE_URL: database.url, EPACK_DATA_DIR: config.dataDir },
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
    stop,
  };
}

/** `epack start`: the server, until it is told to stop. */
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
    // Longer than that of the processes it runs, so that the database is stopped after them even then.
    patienceMilliseconds: 25_000,
  });
}

/** How to get in. A password that was drawn is told this once. */
export function signInLine(config: Config, { firstAdmin }: Pick<RunningServer, 'firstAdmin'>): string {
  if (firstAdmin !== null && firstAdmin.drawnPassword !== null) {
    return `Sign in as ${firstAdmin.email} with the password ${firstAdmin.drawnPassword} (shown this once).`;
  }
  return config.adminEmail === null
    ? 'Sign in as one of your users; "epack user add" makes another.'
    : `Sign in as ${config.adminEmail} with the password from EPACK_ADMIN_PASSWORD.`;
}

async function openOwnDatabase(config: Config, log: Logger): Promise<{ url: string; stop(): Promise<void> }> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({ dataDir: config.dataDir, log: (message) => log.warn({}, message) });
}

async function bringUpToDate(url: string): Promise<void> {
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-start' });
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}
