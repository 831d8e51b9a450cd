import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../shared/config/config';
import { type Db, dropConnections, openDatabase, poolUse } from '../shared/db/database';
import { countersPutBack, keepGivenIds } from '../shared/db/given-ids';
import { createNotifications } from '../shared/db/listen';
import { createDiskFileStore, removeAbandonedParts } from '../shared/files/disk-file-store';
import type { Logger } from '../shared/log';
import { createHealthCheck } from '../shared/metrics/health';
import { closeServer, createOpsServer, listenOn } from '../shared/metrics/ops-server';
import { createSeal } from '../shared/seal/seal';
import { withPortNamed } from '../shared/process/operator-errors';
import { openQueue } from '../shared/queue/open-queue';
import { approvalsDecided } from '../shared/stores/parameters/approval-store';
import { createJobStore } from '../shared/stores/jobs/job-store';
import { createSyncStore } from '../shared/stores/syncs/sync-store';
import { judgeNewReadings } from './alerts/new-readings';
import { createTracer } from '../shared/tracing';
import { createConsumer } from './jobs/consumer';
import { applyLogReplacements } from './solution-sync/logs/apply-replacements';
import { removeOldReadings } from './upkeep/old-readings';
import { relayJobs } from './jobs/relay';
import { sealAuditTrail } from './upkeep/seal-audit-trail';
import { removeExpiredFiles, removeOrphanFiles, removeStaleRows } from './upkeep/retention';
import { type Round, startRounds } from './jobs/rounds';
import { deliverNotifications } from './notifications/deliver';
import { createMailer, type Mailer } from './notifications/send-mail';
import { sendStaffMails } from './notifications/staff-mails';
import { notifyOfStaleSolutions, removeOldNotifications } from './notifications/stale-solutions';
import { alertSilentProbes } from './alerts/silent-probes';
import { freeDeadUploads, requeueOrphans } from './upkeep/watchdog';
import { createWorkerMetrics } from './ops/worker-metrics';
import { applyApprovals } from './solution-sync/params/apply-approvals';
import { failSync, processSync } from './solution-sync/process-sync';

export interface RunningWorker {
  /** The port of `/healthz`, `/readyz` and `/metrics`; null: it has none. */
  readonly port: number | null;
  /**
   * Takes no further job, and waits for those in hand. What is not done within `drainSeconds` is given back: another
   * worker takes it at once. False: that happened, and the work goes on until the process ends; it will not be committed.
   */
  stop(): Promise<boolean>;
}

const probeAlerts = 'probe-alerts';
const approvals = 'approvals';
const logReplacements = 'log-replacements';
/** What others' servers may take. */
const outsideMilliseconds = 10_000;

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
    onLost: () => dropConnections(db),
  });
  const queue = await openQueue({ queueUrl: config.queueUrl, db, notifications, log });
  const jobs = createJobStore(db);
  const metrics = createWorkerMetrics(() => poolUse(db));
  const tracer = createTracer(config.otlpEndpoint, 'epack-worker');
  let isDraining = false;

  const notificationDeps = {
    db,
    sendMail: mailerOf(config),
    webhooks: {
      allowsHttp: config.webhookHttp,
      allowedNetworks: config.webhookNetworks,
      timeoutMilliseconds: outsideMilliseconds,
    },
    publicUrl: config.publicUrl,
    seal: createSeal(config.secretsKeys),
    log,
  };
  const maintenance: Round[] = [
    { name: 'relay', everySeconds: 1, run: () => relayJobs({ jobs, queue }) },
    { name: 'dead-uploads', everySeconds: 5, run: () => freeDeadUploads({ db, files, log }) },
    { name: 'orphans', everySeconds: 15, run: () => requeueOrphans(db) },
    {
      name: 'retention',
      everySeconds: 600,
      run: () => removeExpiredFiles({ db, files, retentionDays: config.retentionDays }),
    },
    { name: 'orphan-files', everySeconds: 600, run: () => removeOrphanFiles({ db, files }) },
    { name: 'abandoned-parts', everySeconds: 3_600, run: () => removeAbandonedParts(config.filesDir) },
    { name: probeAlerts, everySeconds: 5, run: () => judgeNewReadings(db, config.language) },
    { name: approvals, everySeconds: 5, run: () => applyApprovals(db) },
    { name: 'silent-probes', everySeconds: 30, run: () => alertSilentProbes(db, config.language) },
    { name: 'notifications', everySeconds: 5, run: () => deliverNotifications(notificationDeps) },
    {
      name: 'staff-mails',
      everySeconds: 10,
      run: () => sendStaffMails({ db, sendMail: notificationDeps.sendMail, language: config.language, log }),
    },
    { name: 'stale-solutions', everySeconds: 300, run: () => notifyOfStaleSolutions(db) },
    { name: 'old-notifications', everySeconds: 3_600, run: () => removeOldNotifications(db) },
    { name: logReplacements, everySeconds: 5, run: () => applyLogReplacements(db) },
    { name: 'audit-trail', everySeconds: 5, run: () => sealAuditTrail({ db, log }) },
    { name: 'old-readings', everySeconds: 6 * 3_600, run: () => removeOldReadings(db) },
    { name: 'given-ids', everySeconds: 20, run: () => guardGivenIds(db, config.dataDir, log) },
    { name: 'stale-rows', everySeconds: 600, run: () => removeStaleRows(db) },
  ];

  const rounds = startRounds(maintenance, log);
  const hurryApprovals = () => {
    rounds.hurry(approvals);
    rounds.hurry(logReplacements);
  };
  notifications.subscribe(approvalsDecided, { onMessage: hurryApprovals, onReconnected: hurryApprovals });

  const consume = createConsumer({
    jobs,
    syncs: createSyncStore(db),
    processSync: async (job, step) => {
      const report = await processSync({ db, files, quotas: config.quotas }, job, step);
      if (job.channel === 'sondes') rounds.hurry(probeAlerts);
      return report;
    },
    failSync: (job) => failSync({ db, files }, job),
    watch: metrics.watch,
    tracer,
    log,
    leaseSeconds: config.leaseSeconds,
    maxAttempts: config.maxAttempts,
  });
  const consumptions = [
    await queue.consume('small', config.workerSmallJobs, consume),
    ...(config.workerLargeJobs > 0 ? [await queue.consume('large', config.workerLargeJobs, consume)] : []),
  ];
  const ops = createOpsServer({
    metrics: () => metrics.text(),
    check: createHealthCheck({ db, queue, files }),
    isDraining: () => isDraining,
    token: config.metricsToken,
  });
  const port = await listen(ops, config);

  return {
    port,
    async stop() {
      isDraining = true;
      const ended = Promise.all([rounds.stop(), ...consumptions.map((consumption) => consumption.stop())]);
      const isDone = await endsWithin(config.drainSeconds, ended);
      if (!isDone) await giveBack();
      await tracer.close();
      if (port !== null) await closeServer(ops);
      if (!isDone) return false;
      await queue.close();
      await notifications.close();
      await db.destroy();
      return true;
    },
  };

  async function giveBack(): Promise<void> {
    for (const job of metrics.inHand) {
      await jobs.postpone(job, 0);
      log.warn({ syncId: job.syncId, jobId: job.id }, 'not done in time; given back to another worker');
    }
  }
}

async function guardGivenIds(db: Db, dataDir: string, log: Logger): Promise<void> {
  const putBack = await keepGivenIds(db, dataDir);
  if (putBack.length > 0) log.warn({ counters: putBack }, countersPutBack);
}

/** False: it was not over by then. */
async function endsWithin(seconds: number, work: Promise<unknown>): Promise<boolean> {
  const timeout = new AbortController();
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(seconds * 1000, false, { signal: timeout.signal }),
    ]);
  } finally {
    timeout.abort();
  }
}

/** Null: no mail server is configured. */
async function listen(ops: Server, { workerPort, host }: Config): Promise<number | null> {
  if (workerPort === null) return null;
  return listenOn(ops, workerPort, host).catch((error: unknown) => {
    throw withPortNamed(error, workerPort, 'EPACK_WORKER_PORT');
  });
}

function mailerOf({ smtpUrl, mailFrom }: Config): Mailer | null {
  if (smtpUrl === null || mailFrom === null) return null;
  return createMailer({ url: smtpUrl, from: mailFrom, timeoutMilliseconds: outsideMilliseconds });
}
