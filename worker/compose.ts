import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../shared/config/config';
import { type Db, dropConnections, openDatabase, poolUse } from '../shared/db/database';
import { countersPutBack, keepGivenIds } from '../shared/db/given-ids';
import { createDatabaseListener } from '../shared/db/listen';
import { openFileStore, removeAbandonedParts } from '../shared/files/open-file-store';
import type { Logger } from '../shared/log';
import { createHealthCheck } from '../shared/metrics/health';
import { closeServer, createOpsServer, listenOn } from '../shared/metrics/ops-server';
import { createSeal } from '../shared/seal/seal';
import { withPortNamed } from '../shared/process/operator-errors';
import { openQueue } from '../shared/queue/open-queue';
import { createJobStore } from '../shared/stores/jobs/job-store';
import { needKeysOfSecrets } from '../shared/stores/staff/sealed-secret-store';
import { createScheduleStore } from '../shared/stores/jobs/schedule-store';
import { type Lane, lanes } from '../shared/domain/job-kind';
import type { Consumption } from '../shared/queue/job-queue';
import { noteReadings } from './alerts/note-readings';
import { judgeNewReadings } from './alerts/new-readings';
import { createTracer } from '../shared/tracing';
import { createConsumer } from './jobs/consumer';
import { applyLogReplacements } from './solution-sync/logs/apply-replacements';
import { indexTimes } from './solution-sync/logs/index-times';
import { readTimesAnew } from './solution-sync/logs/read-times-anew';
import { advanceRollouts } from './rollouts/advance-rollouts';
import { removeOldReadings } from './upkeep/old-readings';
import type { JobHandler, JobHandlers } from './jobs/kinds';
import { createSystemDoor, type SystemDoorDeps } from './pairs/system-door';
import { askForProbes, runSystemTask } from './pairs/system-tasks';
import { startRelay } from './jobs/relay';
import { startSchedule } from './jobs/schedule';
import { checkAllBooks, checkChangedBooks } from './upkeep/check-books';
import { sealAuditTrail } from './upkeep/seal-audit-trail';
import { removeExpiredFiles, removeOrphanFiles, removeStaleRows } from './upkeep/retention';
import { deliverNotifications } from './notifications/deliver';
import { createMailer, type Mailer } from './notifications/send-mail';
import { sendStaffMails } from './notifications/staff-mails';
import {
  notifyOfStalePairs,
  notifyOfStaleSolutions,
  removeOldNotifications,
} from './notifications/stale-solutions';
import { alertSilentProbes } from './alerts/silent-probes';
import { freeDeadUploads } from './upkeep/watchdog';
import { recordCall } from './pairs/call-scope';
import { createPairSystems } from './pairs/pair-systems';
import { runSlice } from './pairs/run-slice';
import { createLimiters, secretsFrom } from './pairs/system-secrets';
import { createConnectors } from './systems/connectors';
import { createPairSliceJobStore } from '../shared/stores/jobs/pair-slice-job-store';
import { jobAdded } from '../shared/db/queue-message';
import { createWorkerMetrics } from './ops/worker-metrics';
import { applyApprovals } from './solution-sync/params/apply-approvals';
import { createSyncHandler } from './solution-sync/sync-handler';

export interface RunningWorker {
  /** The port of `/healthz`, `/readyz` and `/metrics`; null: it has none. */
  readonly port: number | null;
  /**
   * Takes no further job and waits for the current ones. Jobs that are not done within `drainSeconds` are released, and
   * another worker takes them at once. False: that happened, and the work continues until the process ends; it will not
   * be committed.
   */
  stop(): Promise<boolean>;
}

/** Jobs of the lane `background` that one worker does at once. */
const backgroundJobs = 3;
/** Pairs that one worker works on at once, each for a slice. */
const pairsAtOnce = 4;
const sliceMs = 20_000;
/** The time-out of calls to other servers. */
const outsideMilliseconds = 10_000;

/** Builds the worker and starts it. `databaseUrl`: configured, or that of the embedded database. */
export async function startWorker(config: Config, databaseUrl: string, log: Logger): Promise<RunningWorker> {
  const db = openDatabase({
    url: config.poolerUrl ?? databaseUrl,
    maxConnections: Math.max(
      config.databaseConnections,
      config.workerSmallJobs + config.workerLargeJobs + backgroundJobs + 2 * pairsAtOnce + 4,
    ),
    applicationName: 'epack-worker',
    isPooled: config.poolerUrl !== null,
    isPreparing: config.preparesStatements,
  });
  const seal = createSeal(config.secretsKeys);
  await needKeysOfSecrets(db, seal).catch((error: unknown) => closedAfter(db, error));
  const notifications = createDatabaseListener({
    url: databaseUrl,
    log,
    applicationName: 'epack-worker-listen',
    onLost: () => dropConnections(db),
  });
  const queue = await openQueue({
    queueUrl: config.queueUrl,
    authority: config.ownAuthorities.queue,
    db,
    notifications,
    log,
  });
  const jobs = createJobStore(db);
  const metrics = createWorkerMetrics(() => poolUse(db));
  const files = await openFileStore(config, metrics.countFileCall);
  const tracer = createTracer(config.otlpEndpoint, 'epack-worker', config.otlpHeaders);
  let isDraining = false;
  const draining = new AbortController();
  const outside: SystemDoorDeps = {
    connectors: createConnectors({ db, files, language: config.language }),
    secretsOf: secretsFrom({ db, seal, environment: process.env }),
    limiterOf: createLimiters(),
    observe(call) {
      metrics.pairs.called(call);
      recordCall(call);
    },
  };
  const pairSystems = createPairSystems(outside);
  const door = createSystemDoor(outside);

  const notificationDeps = {
    db,
    sendMail: mailerOf(config, log),
    webhooks: {
      allowsHttp: config.webhookHttp,
      allowedNetworks: config.webhookNetworks,
      timeoutMilliseconds: outsideMilliseconds,
    },
    publicUrl: config.publicUrl,
    seal,
    log,
  };
  const systemTask: JobHandler['run'] = async ({ subject }) => {
    await runSystemTask({ db, door }, subject);
    return 'done';
  };
  const handlers: JobHandlers = {
    'solution-sync.process': createSyncHandler({
      db,
      files,
      quotas: config.quotas,
      language: config.language,
      noteReadings,
      watch: metrics.syncs,
      log,
    }),
    'alerts.judge-readings': {
      async run({ subject }) {
        await judgeNewReadings(db, subject, config.language);
        return 'ended';
      },
    },
    'alerts.find-silent-probes': plain(() => alertSilentProbes(db, config.language)),
    'parameters.apply-approvals': plain(() => applyApprovals(db)),
    'logs.apply-replacements': plain(() => applyLogReplacements(db)),
    'logs.read-times-anew': plain(() => readTimesAnew(db)),
    'logs.index-times': plain(() => indexTimes(db)),
    'logs.check-books': plain(() => checkAllBooks(db)),
    'logs.check-changed-books': plain(() => checkChangedBooks(db)),
    'system.probe': { run: systemTask },
    'system.probe-all': plain(() => askForProbes(db)),
    'system.register-hook': { run: systemTask },
    'notifications.deliver': plain(() => deliverNotifications(notificationDeps)),
    'notifications.send-staff-mails': plain(() =>
      sendStaffMails({ db, sendMail: notificationDeps.sendMail, language: config.language, log }),
    ),
    'notifications.find-stale-solutions': plain(async () => {
      await notifyOfStaleSolutions(db);
      await notifyOfStalePairs(db);
    }),
    'notifications.remove-old': plain(() => removeOldNotifications(db)),
    'rollouts.advance': plain(() => advanceRollouts(db)),
    'pair.slice': {
      run: (job, { lease }) =>
        runSlice(
          { db, systems: pairSystems, watch: metrics.pairs, log, stopping: draining.signal, sliceMs, lease },
          job,
        ),
    },
    'pair.wake-pairs': plain(() => createPairSliceJobStore(db).addMissing()),
    'upkeep.free-dead-uploads': plain(() => freeDeadUploads({ db, files, log })),
    'upkeep.requeue-orphans': plain(() => jobs.requeueOrphans(config.largePackageBytes)),
    'upkeep.remove-expired-files': plain(() =>
      removeExpiredFiles({ db, files, retentionDays: config.retentionDays }),
    ),
    'upkeep.remove-orphan-files': plain(() => removeOrphanFiles({ db, files })),
    'upkeep.remove-abandoned-parts': plain(() => removeAbandonedParts(config)),
    'upkeep.remove-old-readings': plain(() => removeOldReadings(db)),
    'upkeep.remove-stale-rows': plain(() => removeStaleRows(db)),
    'upkeep.guard-given-ids': plain(() => guardGivenIds(db, config.dataDir, log)),
    'upkeep.seal-audit-trail': plain(() => sealAuditTrail({ db, log })),
  };

  const schedule = startSchedule({ db, log });
  const relay = startRelay({ jobs, queue, log, leaseSeconds: config.leaseSeconds });
  const relayNow = () => {
    relay.runNow();
  };
  notifications.subscribe(jobAdded, { onMessage: relayNow, onReconnected: relayNow });

  const consume = createConsumer({
    jobs,
    schedules: createScheduleStore(db),
    handlers,
    watch: metrics.jobs,
    tracer,
    log,
    leaseSeconds: config.leaseSeconds,
    maxAttempts: config.maxAttempts,
  });
  const atOnce: Readonly<Record<Lane, number>> = {
    small: config.workerSmallJobs,
    large: config.workerLargeJobs,
    background: backgroundJobs,
    pairs: pairsAtOnce,
  };
  const consumptions: Consumption[] = [];
  for (const lane of lanes)
    if (atOnce[lane] > 0) consumptions.push(await queue.consume(lane, atOnce[lane], consume));
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
      draining.abort();
      const ended = Promise.all([
        schedule.stop(),
        relay.stop(),
        ...consumptions.map((consumption) => consumption.stop()),
      ]);
      const isDone = await endsWithin(config.drainSeconds, ended);
      if (!isDone) await giveBack();
      await tracer.close();
      if (port !== null) await closeServer(ops);
      if (!isDone) return false;
      await pairSystems.close();
      await queue.close();
      await notifications.close();
      await db.destroy();
      return true;
    },
  };

  async function giveBack(): Promise<void> {
    for (const job of metrics.inHand) {
      await jobs.postpone(job, 0);
      log.warn(
        { kind: job.kind, subject: job.subject, jobId: job.id },
        'not done in time; given back to another worker',
      );
    }
  }
}

/** A process that fails to start closes its connections. */
async function closedAfter(db: Db, error: unknown): Promise<never> {
  await db.destroy();
  throw error;
}

/** Work that another worker may begin again: the consumer ends its job. */
const plain = (work: () => Promise<unknown>): JobHandler => ({
  async run() {
    await work();
    return 'done';
  },
});

/** Also notices a restore that was not made with `epack restore`. */
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

function mailerOf({ smtpUrl, mailFrom, ownAuthorities }: Config, log: Logger): Mailer | null {
  if (smtpUrl === null || mailFrom === null) {
    if (mailFrom !== null)
      log.warn({}, 'EPACK_MAIL_FROM is set and EPACK_SMTP_URL is not: this worker sends no mail');
    return null;
  }
  return createMailer({
    url: smtpUrl,
    authority: ownAuthorities.smtp,
    from: mailFrom,
    timeoutMilliseconds: outsideMilliseconds,
  });
}
