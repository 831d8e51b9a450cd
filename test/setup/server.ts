import type { Express } from 'express';
import type { AddressInfo } from 'node:net';
import { composeApi } from '../../api/compose';
import { type Config, readConfig } from '../../shared/config/config';
import type { Db } from '../../shared/db/database';
import { createLogger } from '../../shared/log';
import { startWorker } from '../../worker/compose';
import { createTestDatabase, databaseSettings } from './database';
import { createTestFolder } from './folder';

export interface TestServer {
  readonly url: string;
  readonly app: Express;
  readonly db: Db;
  readonly databaseUrl: string;
  readonly config: Config;
  readonly admin: { readonly email: string; readonly password: string };
  /** Starts and stops the worker; it does not run until asked. */
  startWorker(): Promise<void>;
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The API (and, when asked, a worker) in this process, on a database and a folder of its own. `environment` overrides
 * settings. Tests with kills use separate processes instead.
 */
export async function startTestServer(environment: NodeJS.ProcessEnv = {}): Promise<TestServer> {
  const database = await createTestDatabase();
  const folder = createTestFolder();
  const admin = { email: 'admin@example.org', password: 'correct horse battery' };
  const config = readConfig({
    EPACK_DATA_DIR: folder.path,
    EPACK_ADMIN_EMAIL: admin.email,
    EPACK_ADMIN_PASSWORD: admin.password,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'error',
    ...databaseSettings(database.url),
    // The disk that tests run on may be nearly full.
    EPACK_DISK_RESERVE_BYTES: '0',
    ...environment,
  });
  const log = createLogger({ level: config.logLevel, name: 'test', to: 'stderr' });
  const api = await composeApi(config, database.url, log);
  await new Promise<void>((resolve) => api.server.listen(0, '127.0.0.1', resolve));
  const { port } = api.server.address() as AddressInfo;
  let worker: Awaited<ReturnType<typeof startWorker>> | null = null;
  return {
    url: `http://127.0.0.1:${port}`,
    app: api.app,
    db: database.db,
    databaseUrl: database.url,
    config,
    admin,
    async startWorker() {
      worker ??= await startWorker(config, database.url, log);
    },
    async stopWorker() {
      await worker?.stop();
      worker = null;
    },
    async stop() {
      await worker?.stop();
      const closed = new Promise((resolve) => api.server.close(resolve));
      api.server.closeAllConnections();
      await closed;
      await api.close();
      await database.drop();
      folder.remove();
    },
  };
}
