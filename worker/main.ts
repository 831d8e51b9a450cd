import type { Config } from '../shared/config/config';
import { createLogger } from '../shared/log';
import { findDatabaseUrl } from '../shared/process/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { startWorker } from './compose';

/** `epack worker`: processes packages until it is told to stop. */
export async function runWorker(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  const worker = await startWorker(config, await findDatabaseUrl(config), log);
  log.info({ port: worker.port }, 'worker started');
  await runUntilStopped({
    log,
    ready: { port: worker.port },
    patienceMilliseconds: (config.drainSeconds + 10) * 1000,
    stop: async () => {
      // The work that was given back goes on, for nothing, and would keep the process.
      if (!(await worker.stop())) process.exit(0);
    },
  });
}
