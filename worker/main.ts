import type { Config } from '../shared/config/config';
import { openDatabase } from '../shared/db/database';
import { notFound } from '../shared/errors/catalog';
import { openFileStore } from '../shared/files/open-file-store';
import { createLogger } from '../shared/log';
import { makeDataFolder } from '../shared/embedded/data-folder';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { runUntilStopped } from '../shared/process/lifecycle';
import { createSyncStore } from '../shared/stores/syncs/sync-store';
import { startWorker } from './compose';
import { type PlannedLine, planUpload } from './solution-sync/params/plan-upload';

/** `epack worker`: processes jobs until it is stopped. */
export async function runWorker(config: Config): Promise<void> {
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  await makeDataFolder(config);
  const worker = await startWorker(config, await findDatabaseUrl(config), log);
  log.info({ port: worker.port }, 'worker started');
  await runUntilStopped({
    log,
    ready: { port: worker.port },
    patienceMilliseconds: (config.drainSeconds + 10) * 1000,
    stop: async () => {
      // Work that was released still continues without effect, and would keep the process alive.
      if (!(await worker.stop())) process.exit(0);
    },
  });
}

/** `epack plan`: what processing an upload would do to the parameters. Throws `not-found`, or a sentence. */
export async function planSync(config: Config, syncId: string): Promise<PlannedLine[]> {
  if (!isUuid(syncId)) throw new RangeError(`"${syncId}" is no UUID.`);
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-plan' });
  try {
    const upload = await createSyncStore(db).upload(syncId);
    if (upload === null) throw notFound('synchronisation');
    return await planUpload({ db, files: await openFileStore(config) }, upload);
  } finally {
    await db.destroy();
  }
}

const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
