import type { Config } from '../shared/config/config';
import { createLogger } from '../shared/log';
import { findDatabaseUrl } from '../shared/process/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { startWorker } from './compose';

/** `epack worker`: processes packages until it is told to stop. */
export async function runWorker(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  const worker = await startWorker(config, await findDatabaseUrl(config), log);
  log.info({}, 'worker started');
  await runUntilStopped({ log, ready: {}, stop: () => worker.stop() });
}
