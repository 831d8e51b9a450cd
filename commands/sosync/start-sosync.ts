import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSosyncApp } from '../../api/sosync/app';
import { createSosyncControl } from '../../api/services/sosync-control';
import { createSosyncJobService } from '../../api/services/sosync-jobs';
import type { Config } from '../../shared/config/config';
import { type Db, dropConnections, openDatabase } from '../../shared/db/database';
import { createDatabaseListener } from '../../shared/db/listen';
import { findDatabaseUrl } from '../../shared/embedded/database-url';
import type { Logger } from '../../shared/log';
import { listenOn } from '../../shared/metrics/ops-server';
import { withPortNamed } from '../../shared/process/operator-errors';
import { createSeal } from '../../shared/seal/seal';
import { needKeysOfSecrets } from '../../shared/stores/staff/sealed-secret-store';
import type { SystemKindName } from '../../shared/systems/system-kind';
import { openStoreAccess } from '../../shared/stores/store-access';
import { askDrift } from '../../worker/outside/sntp';
import { createLimiter } from '../../worker/outside/limiter';
import { secretsFrom } from '../../worker/pairs/system-secrets';
import { startJobWorker } from '../../worker/sosync/job-worker';
import { createLoaderDoor } from '../../worker/sosync/open-loader';
import { startProtocolWorker } from '../../worker/sosync/protocol-worker';
import type { Connector } from '../../worker/systems/remote-system';
import { findCommit } from './commit-id';
import { replaceAccess } from './replace-access';
import type { SosyncSettings } from './settings';

/** The name of the notification about new jobs (shared/stores/sosync). */
const jobsCreated = 'epack_sosync';
const timeServerPatienceMs = 3_000;
const drainMs = 20_000;
/** Connections of a burst that wait to be accepted. */
const mostWaiting = 4_096;

export interface SosyncService {
  readonly port: number;
  stop(): Promise<void>;
}

interface Surroundings {
  readonly log: Logger;
  /** The kinds of systems to which jobs can be mirrored. */
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
  /** The environment with the secrets of systems. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Serves an instance, and works for it if no other process does. */
export async function startSosync(
  settings: SosyncSettings,
  config: Config,
  { log, connectors, environment }: Surroundings,
): Promise<SosyncService> {
  const { instance } = settings;
  const url = await findDatabaseUrl(config);
  const db = openDatabase({
    url,
    maxConnections: config.databaseConnections,
    applicationName: 'epack-sosync',
    statementPatienceMs: 60_000,
  });
  try {
    await prepare(db, settings, config, log);
    const access = openStoreAccess(db);
    const measureDrift = () => askDrift(settings.ntp_host, timeServerPatienceMs);
    const jobWorker = startJobWorker({
      ...access,
      instance,
      throttleMs: settings.throttle_ms,
      maxDriftMs: settings.max_time_drift_ms ?? null,
      measureDrift,
      log,
    });
    const secretsOf = secretsFrom({ db, seal: createSeal(config.secretsKeys), environment });
    const protocolWorker = startProtocolWorker({
      instance,
      workers: access.stores.sosyncWorkers,
      mirror: access.stores.sosyncMirror,
      systems: access.stores.systems,
      openLoader: createLoaderDoor({
        systems: access.stores.systems,
        connectors,
        secretsOf,
        limiterOf: createLimiter,
      }),
      log,
    });
    const nudge = () => {
      jobWorker.nudge();
      protocolWorker.nudge();
    };
    const notifications = createDatabaseListener({
      url,
      log,
      applicationName: 'epack-sosync-listen',
      onLost: () => dropConnections(db),
    });
    notifications.subscribe(jobsCreated, {
      onMessage: (told) => {
        if (told === instance) nudge();
      },
      onReconnected: nudge,
    });
    const app = createSosyncApp({
      jobs: createSosyncJobService({ ...access, instance }),
      control: createSosyncControl({ instance, workers: access.stores.sosyncWorkers, nudge, measureDrift }),
      commit: await findCommit(config.commit),
      apiKey: settings.api_key ?? null,
      log,
    });
    const servers = await listen(app, settings);
    return {
      port: servers.port,
      async stop() {
        await drain(servers.all);
        await Promise.all([jobWorker.stop(), protocolWorker.stop()]);
        await notifications.close();
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** What must exist before the first call. */
async function prepare(db: Db, settings: SosyncSettings, config: Config, log: Logger): Promise<void> {
  const seal = createSeal(config.secretsKeys);
  await needKeysOfSecrets(db, seal);
  const { stores } = openStoreAccess(db);
  if ((await stores.sosyncInstances.find(settings.instance)) === null)
    log.warn(
      { instance: settings.instance },
      'no pair file with this instance was applied yet: every model is unknown until then',
    );
  await stores.sosyncWorkers.ensure(settings.instance);
  for (const system of await replaceAccess({ db, seal }, settings))
    log.info({ system }, 'the system has the access that the file of the service says');
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** All addresses of IPv4, and loopback of IPv6 if there is any; or the one address that is set. */
async function listen(
  app: Listener,
  { host, port: wanted }: SosyncSettings,
): Promise<{ port: number; all: Server[] }> {
  const server = createServer(app);
  const port = await listenOn(server, wanted, host ?? '0.0.0.0', mostWaiting).catch((error: unknown) => {
    throw withPortNamed(error, wanted, 'port');
  });
  if (host !== undefined) return { port, all: [server] };
  const loopback = createServer(app);
  const isThere = await listenOn(loopback, port, '::1', mostWaiting).then(
    () => true,
    () => false,
  );
  return { port, all: isThere ? [server, loopback] : [server] };
}

/** Running calls are finished and no further call is accepted; calls that take too long are cut off. */
async function drain(servers: readonly Server[]): Promise<void> {
  const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
  for (const server of servers)
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) =>
      response.setHeader('Connection', 'close'),
    );
  const idle = setInterval(() => {
    for (const server of servers) server.closeIdleConnections();
  }, 100);
  const cut = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, drainMs);
  await Promise.all(closed);
  clearInterval(idle);
  clearTimeout(cut);
}
