import type { AddressInfo } from 'node:net';
import { composeApi } from '../../api/compose';
import { type Config, readConfig } from '../../shared/config/config';
import { createLogger } from '../../shared/log';
import { startWorker } from '../../worker/compose';

export interface StartedServer {
  readonly url: string;
  readonly config: Config;
  stop(): Promise<void>;
}

/** API and worker in this process, on a database and a data folder that are there already. */
export async function startOn(
  databaseUrl: string,
  dataDir: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<StartedServer> {
  const config = readConfig({ EPACK_DATA_DIR: dataDir, LOG_LEVEL: 'error', ...environment });
  const log = createLogger({ level: 'error', name: 'test', to: 'stderr' });
  const api = await composeApi(config, databaseUrl, log);
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
  const { port } = api.server.address() as AddressInfo;
  const worker = await startWorker(config, databaseUrl, log);
  return {
    url: `http://127.0.0.1:${port}`,
    config,
    async stop() {
      await worker.stop();
      const closed = new Promise((resolve) => api.server.close(resolve));
      api.server.closeAllConnections();
      await closed;
      await api.close();
    },
  };
}
