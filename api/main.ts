import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../shared/config/config';
import { createLogger } from '../shared/log';
import { findDatabaseUrl } from '../shared/process/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { type ComposedApi, composeApi } from './compose';

/** `epack api`: serves until it is told to stop. */
export async function runApi(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'api' });
  const api = await composeApi(config, await findDatabaseUrl(config), log);
  const port = await listen(api.server, config);
  log.info({ port }, 'api listens');
  if (process.send === undefined && typeof api.firstAdmin?.drawnPassword === 'string') {
    process.stdout.write(
      `Sign in as ${api.firstAdmin.email}, password ${api.firstAdmin.drawnPassword} (shown this once)\n`,
    );
  }
  await runUntilStopped({ log, ready: { port, firstAdmin: api.firstAdmin }, stop: () => stop(api) });
}

async function listen(server: Server, { port, host }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ port, ...(host === null ? {} : { host }) }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Lets what is under way end, for a while; long polls are cut. */
async function stop(api: ComposedApi): Promise<void> {
  const { server } = api;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), 5_000);
  await closed;
  clearTimeout(cut);
  await api.close();
}
