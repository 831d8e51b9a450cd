import type { Config } from '../shared/config/config';
import { openDatabase } from '../shared/db/database';
import { createNotifications } from '../shared/db/listen';
import { createDiskFileStore } from '../shared/files/disk-file-store';
import type { Logger } from '../shared/log';
import { openQueue } from '../shared/queue/open-queue';
import { createJobStore } from '../shared/stores/job-store';
import { createSyncStore } from '../shared/stores/sync-store';
import { judgeNewReadings } from './channels/new-readings';
import { createConsumer } from './consumer';
import { relayJobs } from './maintenance/relay';
import { removeExpiredFiles, removeStaleRows } from './maintenance/retention';
import { type Round, startRounds } from './maintenance/rounds';
import { alertSilentProbes } from './maintenance/silent-probes';
import { freeDeadUploads, requeueOrphans } from './maintenance/watchdog';
import { failSync, processSync } from './process-sync';

export interface RunningWorker {
  /** Takes no further job, and resolves once those in hand are done. */
  stop(): Promise<void>;
}

const probeAlerts = 'probe-alerts';

/** Builds the worker and starts it. `databaseUrl`: configured, or that of the embedded database. */
export async function startWorker(config: Config, databaseUrl: string, log: Logger): Promise<RunningWorker> {
  const db = openDatabase({
    url: databaseUrl,
    maxConnections: Math.max(config.databaseConnections, config.workerSmallJobs + config.workerLargeJobs + 4),
    applicationName: 'epack-worker',
  });
  const files = createDiskFileStore(config.filesDir);
  const notifications = createNotifications({
    url: databaseUrl,
    log,
    applicationName: 'epack-worker-listen',
  });
  const queue = openQueue({ queueUrl: config.queueUrl, db, notifications, log });
  const jobs = createJobStore(db);

  const maintenance: Round[] = [
    { name: 'relay', everySeconds: 1, run: () => relayJobs({ jobs, queue }) },
    { name: 'dead-uploads', everySeconds: 5, run: () => freeDeadUploads({ db, files, log }) },
    { name: 'orphans', everySeconds: 15, run: () => requeueOrphans(db) },
    {
      name: 'retention',
      everySeconds: 600,
      run: () => removeExpiredFiles({ db, files, retentionDays: config.retentionDays }),
    },
    { name: probeAlerts, everySeconds: 5, run: () => judgeNewReadings(db) },
    { name: 'silent-probes', everySeconds: 30, run: () => alertSilentProbes(db) },
    { name: 'stale-rows', everySeconds: 600, run: () => removeStaleRows(db) },
  ];

  const rounds = startRounds(maintenance, log);

  const consume = createConsumer({
    jobs,
    syncs: createSyncStore(db),
    processSync: async (job) => {
      await processSync({ db, files }, job);
      if (job.channel === 'sondes') rounds.hurry(probeAlerts);
    },
    failSync: (job) => failSync({ db, files }, job),
    log,
    leaseSeconds: config.leaseSeconds,
    maxAttempts: config.maxAttempts,
  });
  const consumptions = [
    await queue.consume('small', config.workerSmallJobs, consume),
    ...(config.workerLargeJobs > 0 ? [await queue.consume('large', config.workerLargeJobs, consume)] : []),
  ];
  return {
    async stop() {
      await Promise.all([rounds.stop(), ...consumptions.map((consumption) => consumption.stop())]);
      await queue.close();
      await notifications.close();
      await db.destroy();
    },
  };
}
