import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../shared/config/config';
import { createLogger } from '../shared/log';
import { closeServer, listenOn } from '../shared/metrics/ops-server';
import { findDatabaseUrl } from '../shared/process/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { type ComposedApi, composeApi } from './compose';

/** `epack api`: serves until it is told to stop. */
export async function runApi(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'api' });
  const api = await composeApi(config, await findDatabaseUrl(config), log);
  const port = await listenOn(api.server, config.port, config.host);
  const metricsPort =
    config.metricsPort === null ? null : await listenOn(api.opsServer, config.metricsPort, config.host);
  log.info({ port, metricsPort }, 'api listens');
  if (process.send === undefined && typeof api.firstAdmin?.drawnPassword === 'string') {
    process.stdout.write(
      `Sign in as ${api.firstAdmin.email}, password ${api.firstAdmin.drawnPassword} (shown this once)\n`,
    );
  }
  await runUntilStopped({
    log,
    ready: { port, metricsPort, firstAdmin: api.firstAdmin },
    patienceMilliseconds: (config.drainSeconds + 10) * 1000,
    stop: () => stop(api, config.drainSeconds),
  });
}

/**
 * Takes no further connection and no further upload, answers polls with the status as it is, and lets what is under
 * way end, for a while. An upload that is cut then is given up within a minute; its solution comes again.
 */
async function stop(api: ComposedApi, drainSeconds: number): Promise<void> {
  const { server } = api;
  // A kept connection would bring one request after another.
  const closeAfterwards = (_request: IncomingMessage, response: ServerResponse) =>
    response.setHeader('Connection', 'close');
  server.prependListener('request', closeAfterwards).prependListener('checkContinue', closeAfterwards);
  const closed = new Promise((resolve) => server.close(resolve));
  api.drain();
  // Again and again: a request that had begun ends later, and its caller would keep the connection.
  const idle = setInterval(() => server.closeIdleConnections(), idleEveryMilliseconds);
  const cut = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
  // To the last, so that whoever watches sees it stop.
  if (api.opsServer.listening) await closeServer(api.opsServer);
  await api.close();
}

const idleEveryMilliseconds = 100;
