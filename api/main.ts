import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Config } from '../shared/config/config';
import { countersPutBack } from '../shared/db/given-ids';
import { createLogger } from '../shared/log';
import { closeServer, listenOn } from '../shared/metrics/ops-server';
import { makeDataFolder } from '../shared/embedded/data-folder';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { withPortNamed } from '../shared/process/operator-errors';
import { type ComposedApi, composeApi } from './compose';

/** `epack api`: serves until it is stopped. */
export async function runApi(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'api' });
  await makeDataFolder(config);
  const api = await composeApi(config, await findDatabaseUrl(config), log);
  const sockets = socketsOf(api.server);
  const putBack = await api.keepGivenIds();
  if (putBack.length > 0) log.warn({ counters: putBack }, countersPutBack);
  const port = await listenOn(api.server, config.port, config.host).catch((error: unknown) => {
    throw withPortNamed(error, config.port, 'PORT');
  });
  const metricsPort = await listenForMetrics(api, config);
  log.info({ port, metricsPort }, 'api listens');
  if (config.secretsKeys.length === 0)
    log.warn({}, 'secrets in the database are not sealed: set EPACK_SECRETS_KEY (docs/sign-in.md)');
  if (process.send === undefined && typeof api.firstAdmin?.drawnPassword === 'string') {
    process.stdout.write(
      `Sign in as ${api.firstAdmin.email}, password ${api.firstAdmin.drawnPassword} (shown this once)\n`,
    );
  }
  await runUntilStopped({
    log,
    ready: { port, metricsPort, firstAdmin: api.firstAdmin },
    patienceMilliseconds: (config.drainSeconds + 10) * 1000,
    stop: () => stop(api, sockets, config.drainSeconds),
  });
}

async function listenForMetrics({ opsServer }: ComposedApi, config: Config): Promise<number | null> {
  const { metricsPort, host } = config;
  if (metricsPort === null) return null;
  return listenOn(opsServer, metricsPort, host).catch((error: unknown) => {
    throw withPortNamed(error, metricsPort, 'EPACK_METRICS_PORT');
  });
}

/**
 * Accepts no further connection or upload, answers waiting polls with the current status, and gives requests in
 * progress some time to finish. An upload that is cancelled then is given up within a minute, and its solution sends it
 * again.
 */
async function stop(api: ComposedApi, sockets: ReadonlySet<Socket>, drainSeconds: number): Promise<void> {
  const { server } = api;
  // A kept-alive connection would send one request after another.
  const closeAfterwards = (_request: IncomingMessage, response: ServerResponse) =>
    response.setHeader('Connection', 'close');
  server.prependListener('request', closeAfterwards).prependListener('checkContinue', closeAfterwards);
  const closed = new Promise((resolve) => server.close(resolve));
  api.drain();
  // Repeated, because a request that has begun ends later, and its caller would keep the connection.
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // Browsers open connections in advance. Node treats one without any byte as waiting for its first request.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, idleEveryMilliseconds);
  const cut = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
  // Closed last, so that monitoring sees the process stop.
  if (api.opsServer.listening) await closeServer(api.opsServer);
  await api.close();
}

const idleEveryMilliseconds = 100;

/** The connections that there are. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
