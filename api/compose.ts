import type { Express, RequestHandler, Router } from 'express';
import type { Server } from 'node:http';
import { channels } from '../shared/domain/channel';
import type { Config } from '../shared/config/config';
import { type Db, dropConnections, openDatabase, poolUse } from '../shared/db/database';
import { type Replica, watchReplica } from '../shared/db/replica';
import { type CounterPutBack, keepGivenIds } from '../shared/db/given-ids';
import { createDatabaseListener, type DatabaseListener } from '../shared/db/listen';
import { openFileStore } from '../shared/files/open-file-store';
import type { Logger } from '../shared/log';
import { createHealthCheck } from '../shared/metrics/health';
import { createOpsServer } from '../shared/metrics/ops-server';
import { within } from '../shared/connections/within';
import { createPasswordHasher } from '../shared/passwords/password-hasher';
import { openQueue } from '../shared/queue/open-queue';
import { createSeal, type Seal } from '../shared/seal/seal';
import { createFiguresStore } from '../shared/stores/solutions/figures-store';
import { createSosyncFiguresStore } from '../shared/stores/sosync/sosync-figures-store';
import { createPairFiguresStore } from '../shared/stores/pairs/pair-figures-store';
import { needKeysOfSecrets } from '../shared/stores/staff/sealed-secret-store';
import { createServerKeyStore } from '../shared/stores/staff/server-key-store';
import { createUploadLockStore } from '../shared/stores/syncs/upload-lock-store';
import { openReadAccess } from '../shared/stores/read-access';
import { type AllStores, openStoreAccess, type StoreAccess } from '../shared/stores/store-access';
import { createTracer } from '../shared/tracing';
import { createHttpServer } from './app';
import { isThisMachine, limitConnections } from './http/connection-limit';
import { lazyRoutes } from './http/lazy-routes';
import { createProxyWatch } from './http/proxy-watch';
import { trustIn } from './http/trusted-proxies';
import type { createConsoleRoutes } from './backoffice/console/routes';
import { createBackofficeRouter } from './backoffice/rest/router';
import { createOidcRoutes, oidcCallbackPath, oidcPath } from './backoffice/oidc/routes';
import { createOidcSignIn } from './backoffice/oidc/sign-in';
import { createAccountService } from './backoffice/services/accounts';
import { createScheduleService } from './backoffice/services/schedules';
import { createApprovalService } from './backoffice/services/approvals';
import { createAlertService } from './backoffice/services/alerts';
import { createAuditService } from './backoffice/services/audit';
import { createConflictService } from './backoffice/services/conflicts';
import { createFlagService } from './backoffice/services/flags';
import { createInventoryService } from './backoffice/services/inventory';
import { createKeptFormService } from './backoffice/services/kept-forms';
import { createLogService } from './backoffice/services/logs';
import { createMessageService } from './backoffice/services/messages';
import { createOfflineFileService } from './backoffice/services/offline-files';
import { createOtherZoneService } from './backoffice/services/other-zones';
import { createOverviewService } from './backoffice/services/overview';
import { createNotificationService } from './backoffice/services/notifications';
import { createParamService } from './backoffice/services/params';
import { createPhotoGalleryService } from './backoffice/services/photos';
import { createQuarantineService } from './backoffice/services/quarantine';
import { createRolloutService } from './backoffice/services/rollouts';
import { createQuotaSettingsService } from './backoffice/services/quotas';
import { createSecondFactorService } from './backoffice/services/second-factor';
import { createSessionService } from './backoffice/services/session';
import { createSignInService } from './backoffice/services/sign-in';
import { createSolutionService } from './backoffice/services/solutions';
import { createSupportService } from './backoffice/services/support';
import { createSyncService } from './backoffice/services/syncs';
import { createTemperatureService } from './backoffice/services/temperatures';
import { createTemplateRolloutService } from './backoffice/services/template-rollouts';
import { createTemplateSiteService } from './backoffice/services/template-sites';
import { createTemplateService } from './backoffice/services/templates';
import { createUserService, type UserService } from './backoffice/services/users';
import { createHookService } from './backoffice/services/hooks';
import { createLinkService } from './backoffice/services/links';
import { createLinkStoryService } from './backoffice/services/link-story';
import { createPairBoardService } from './backoffice/services/pair-board';
import { createPairHistoryService } from './backoffice/services/pair-history';
import { createPairInboxService } from './backoffice/services/pair-inbox';
import { createPairRunService } from './backoffice/services/pair-runs';
import { createPairService } from './backoffice/services/pairs';
import { createSystemTaskService } from './backoffice/services/system-tasks';
import { createSystemService } from './backoffice/services/systems';
import { ensureFirstAdmin, type FirstAdmin } from './backoffice/services/first-admin';
import { createApiMetrics } from './ops/api-metrics';
import { opsOperations } from './ops/operations';
import { createOpsRoutes, createRequestCount } from './ops/routes';
import { readWorkerMetrics } from './ops/worker-scrape';
import { createDiskReserve } from './services/disk-reserve';
import { createDeliveryService } from './services/delivery';
import { createDownloads } from './services/downloads';
import { createHandshakeService } from './services/handshake';
import { createHookInService } from './services/hooks-in';
import { createIntakeService } from './services/intake';
import { createLoginService } from './services/login';
import { createPhotoService } from './services/photos';
import { createQuotaService } from './services/quotas';
import { createPollAdvice } from './services/poll-advice';
import { createSecurityTrail, type SecurityTrail } from './services/security-trail';
import { watchedLogin, watchedProvider, watchedSecondFactor, watchedSignIn } from './watched-sign-in';
import { createStatutBoard } from './services/statut-board';
import { createConfiguredKeys, createKeptKeys, type TokenKeys } from './services/token-keys';
import { createTokens } from './services/tokens';
import { createDocumentRouter } from './openapi/routes';
import { createHookRoutes } from './hooks/routes';
import { createV4Router } from './v4/router';
import { createStatutRoute } from './v4/statut';
import { createUploadLocker } from './v4/upload-locker';
import { openResumableStore } from './v4/upload-open-store';
import { createUploads } from './v4/uploads';

export interface ComposedApi {
  /** Not yet listening. */
  readonly server: Server;
  readonly app: Express;
  /** `/healthz`, `/readyz`, `/metrics`, for a port of their own. Not yet listening. */
  readonly opsServer: Server;
  /** The first user, if this start has made it. Null: there were users already. */
  readonly firstAdmin: FirstAdmin | null;
  /** Accepts no further upload and ends waiting polls. Requests in progress continue. */
  drain(): void;
  /** Call it before ids are given out, so that a restored database does not give out an id a second time. */
  keepGivenIds(): Promise<CounterPutBack[]>;
  /** Closes the connections of the server. */
  close(): Promise<void>;
}

/** What an offline file holds beside the archives of its channels. */
const offlineFrameBytes = 64 * 1024 * 1024;

/** How long cancelled uploads may take to clean up. */
const settleMilliseconds = 5_000;

/** Builds the API. `databaseUrl`: configured, or that of the embedded database. */
export async function composeApi(config: Config, databaseUrl: string, log: Logger): Promise<ComposedApi> {
  const db = openDatabase({
    url: config.poolerUrl ?? databaseUrl,
    maxConnections: config.databaseConnections,
    applicationName: 'epack-api',
    isPooled: config.poolerUrl !== null,
    isPreparing: config.preparesStatements,
    statementPatienceMs: 60_000,
  });
  const seal = createSeal(config.secretsKeys);
  await needKeysOfSecrets(db, seal).catch((error: unknown) => closedAfter(db, error));
  const files = await openFileStore(config, (call) => metrics.countFileCall(call));
  const notifications = createDatabaseListener({
    url: databaseUrl,
    log,
    applicationName: 'epack-api-listen',
    onLost: () => dropConnections(db),
  });
  const queue = await openQueue({
    queueUrl: config.queueUrl,
    authority: config.ownAuthorities.queue,
    db,
    notifications,
    log,
  });

  const replica = replicaOf(config, db);
  const checkHealth = createHealthCheck({ db, queue, files, replica: replica?.state ?? null });
  const metrics = createApiMetrics({
    readFigures: () => createFiguresStore(db).read(),
    readPairs: () => createPairFiguresStore(db).read(),
    readSosync: () => createSosyncFiguresStore(db).read(),
    queue,
    pool: () => poolUse(db),
    replica: replica?.state ?? null,
    readWorker: readWorkerMetrics(config.workerMetricsUrl, config.metricsToken),
  });
  const tracer = createTracer(config.otlpEndpoint, 'epack-api', config.otlpHeaders);
  let draining = false;
  const isDraining = () => draining;

  const access = openStoreAccess(db);
  const reading = openReadAccess(access, replica);
  const { stores } = access;
  const keys = tokenKeys(config, { db, seal, notifications });
  const tokens = createTokens({ keys, minutes: config.tokenMinutes });
  const board = createStatutBoard({
    statuses: stores.statuses,
    solutions: stores.solutions,
    tokens,
    notifications,
  });
  const trail = createSecurityTrail({ audit: stores.audit, count: metrics.countSignInFailure, log });
  const login = watchedLogin(trail, createLoginService({ ...access, tokens, board }));
  const handshake = createHandshakeService({ steps: stores.syncSteps, flags: stores.flags });
  const quotas = createQuotaService({
    ...access,
    standard: config.quotas,
    reserve: createDiskReserve({
      files,
      quotas: stores.quotas,
      reserveBytes: config.diskReserveBytes,
    }),
  });
  const advice = createPollAdvice(stores.jobs);
  const intake = createIntakeService({
    ...access,
    advice,
    quotas,
    files,
    queue,
    board,
    log,
    limits: {
      maxArchiveBytes: config.maxArchiveBytes,
      maxUnpackedBytes: config.maxUnpackedBytes,
      maxEntries: config.maxArchiveEntries,
      maxRatio: config.maxCompressionRatio,
      maxArchiveRatio: config.maxArchiveRatio,
      largePackageBytes: config.largePackageBytes,
    },
    uploadIdleSeconds: config.uploadIdleSeconds,
    traffic: metrics.traffic,
    tracer,
    isDraining,
  });

  const downloads = createDownloads({ syncs: stores.syncs, log });

  const uploads = createUploads({
    intake,
    board,
    locker: createUploadLocker(createUploadLockStore(db)),
    quotas,
    files,
    store: openResumableStore(files, config.filesDir),
    maxArchiveBytes: config.maxArchiveBytes,
    uploadIdleSeconds: config.uploadIdleSeconds,
  });
  const delivery = createDeliveryService({ ...access, files, board, downloads });
  const offlineFiles = createOfflineFileService({ ...access, files, intake, delivery, handshake });
  const expiry = setInterval(() => {
    uploads
      .removeExpired()
      .catch((error: unknown) => log.warn({ err: error }, 'expired uploads not removed'));
    offlineFiles
      .removeAbandoned(86_400_000)
      .catch((error: unknown) => log.warn({ err: error }, 'abandoned offline files not removed'));
  }, 3_600_000);

  const statut = createStatutRoute({
    board,
    advice,
    traffic: metrics.traffic,
    log,
  });
  const v4 = createV4Router({
    board,
    advice,
    statut: statut.handler,
    login,
    handshake,
    intake,
    delivery,
    photos: createPhotoService({ photos: stores.photos, files }),
    uploads: uploads.route,
    traffic: metrics.traffic,
    maxArchiveBytes: config.maxArchiveBytes,
    uploadIdleSeconds: config.uploadIdleSeconds,
  });
  const passwords = createPasswordHasher();
  const systemTasks = createSystemTaskService(access);
  const staff = {
    sessions: createSessionService({ ...access, rules: config.signIn }),
    signIn: watchedSignIn(
      trail,
      createSignInService({ ...access, passwords, rules: config.signIn, seal, log }),
    ),
    secondFactor: watchedSecondFactor(
      trail,
      createSecondFactorService({ ...access, seal, rules: config.signIn }),
    ),
    accounts: createAccountService(access),
    users: createUserService({ ...access, passwords, rules: config.signIn }),
    schedules: createScheduleService(access),
    solutions: createSolutionService({ ...access, forgetAccess: board.forgetAccess }),
    quotas: createQuotaSettingsService({ ...access, standard: config.quotas }),
    flags: createFlagService(access),
    rollouts: createRolloutService(access),
    logs: createLogService({ ...access, ...reading }),
    otherZones: createOtherZoneService(access),
    photos: createPhotoGalleryService({ ...access, files }),
    messages: createMessageService({ ...access, language: config.language }),
    alerts: createAlertService(access),
    offlineFiles,
    offlineLimits: {
      maxArchiveBytes: channels.length * config.maxArchiveBytes + offlineFrameBytes,
      uploadIdleSeconds: config.uploadIdleSeconds,
    },
    syncs: createSyncService({ ...access, files, intake }),
    quarantine: createQuarantineService({ ...access, files, intake }),
    params: createParamService(access),
    templates: createTemplateService(access),
    templateRollouts: createTemplateRolloutService(access),
    templateSites: createTemplateSiteService(access),
    conflicts: createConflictService(access),
    approvals: createApprovalService(access),
    notifications: createNotificationService({
      ...access,
      seal,
      rules: { allowsHttp: config.webhookHttp, allowedNetworks: config.webhookNetworks },
    }),
    audit: createAuditService(access),
    systems: createSystemService({ ...access, seal }),
    systemTasks,
    hooks: createHookService({ ...access, seal, tasks: systemTasks, publicUrl: config.publicUrl }),
    pairs: createPairService(access),
    pairRuns: createPairRunService(access),
    links: createLinkService(access),
    pairInbox: createPairInboxService(access),
    linkStories: createLinkStoryService(access),
    pairBoard: createPairBoardService(access),
    pairHistory: createPairHistoryService(access),
  };
  const hooks = createHookRoutes(createHookInService({ ...access, seal }));
  const isTrustedProxy = trustIn(config.trustProxy);
  const backoffice = createBackofficeRouter(staff);
  const { server, app } = createHttpServer({
    statut: statut.ahead,
    health: createOpsRoutes({
      check: checkHealth,
      isDraining,
      metrics: () => metrics.text(),
      metricsToken: config.metricsToken,
    }),
    countRequest: createRequestCount(metrics.countRequest),
    v4,
    hooks: hooks.router,
    backoffice: backoffice.router,
    documentation: createDocumentRouter([
      ...v4.operations,
      ...hooks.operations,
      ...backoffice.operations,
      ...opsOperations,
    ]).router,
    console: lazyConsole({
      ...staff,
      keptForms: createKeptFormService(access),
      overview: createOverviewService(access),
      support: createSupportService({ ...access, solutions: staff.solutions }),
      inventory: createInventoryService(access),
      temperatures: createTemperatureService({ ...access, ...reading }),
      signInRules: config.signIn,
      oidcButton: config.oidc === null ? null : { label: config.oidc.name, path: oidcPath },
      sendsMail: config.signIn.sendsMail,
      checkHealth,
      log,
    }),
    oidc: await createOidc(config, access, staff.users, trail),
    log,
    trail,
    trustProxy: config.trustProxy,
    proxyWatch: createProxyWatch({
      isTrusted: isTrustedProxy,
      note: (address) => stores.sights.noteUntrustedProxy(address),
      log,
    }),
    isTlsOnly: config.publicUrl?.startsWith('https:') === true,
  });
  limitConnections(server, {
    mostOfOne: config.connectionsPerAddress,
    standsForMany: (address) => isThisMachine(address) || isTrustedProxy(address),
    countRefused: metrics.countRefusedConnection,
    log,
  });

  return {
    server,
    app,
    opsServer: createOpsServer({
      metrics: () => metrics.text(),
      check: checkHealth,
      isDraining,
      token: config.metricsToken,
    }),
    keepGivenIds: () => keepGivenIds(db, config.dataDir),
    drain() {
      draining = true;
      board.endWaits();
    },
    firstAdmin: await ensureFirstAdmin(
      access,
      { email: config.adminEmail, password: config.adminPassword },
      passwords,
    ),
    async close() {
      clearInterval(expiry);
      board.close();
      // A cancelled upload is refused, so that its channel is free at once.
      await within(settleMilliseconds, 'the end of uploads', intake.settled()).catch(() => undefined);
      await within(settleMilliseconds, 'the times of downloads', downloads.close()).catch(() => undefined);
      await passwords.close();
      await tracer.close();
      await within(settleMilliseconds, 'the audit trail', trail.close()).catch(() => undefined);
      await queue.close();
      await notifications.close();
      await replica?.close();
      await db.destroy();
    },
  };
}

/** Null: none is configured. */
function replicaOf(config: Config, primary: Db): Replica | null {
  if (config.replicaUrl === null) return null;
  const db = openDatabase({
    url: config.replicaUrl,
    maxConnections: config.databaseConnections,
    applicationName: 'epack-api-read',
    statementPatienceMs: 60_000,
  });
  return watchReplica({ primary, db, maxLagSeconds: config.readLagSeconds });
}

/** The pages are loaded when somebody opens the first one: their code takes nine megabytes of memory. */
const lazyConsole = (parts: Parameters<typeof createConsoleRoutes>[0]): RequestHandler =>
  lazyRoutes(async () => {
    const { createConsoleRoutes } = await import('./backoffice/console/routes.js');
    return createConsoleRoutes(parts);
  });

async function createOidc(
  { oidc, publicUrl, signIn: signInRules, ownAuthorities }: Config,
  access: StoreAccess<AllStores>,
  users: UserService,
  trail: SecurityTrail,
): Promise<Router | null> {
  if (oidc === null || publicUrl === null) return null;
  // Loaded only if it is used, because its code takes some megabytes of memory.
  const { createIdentityProvider } = await import('./backoffice/oidc/identity-provider.js');
  const provider = createIdentityProvider({
    ...oidc,
    authority: ownAuthorities.oidc,
    callbackUrl: `${publicUrl}${oidcCallbackPath}`,
  });
  const signIn = createOidcSignIn({ ...access, provider, users, rules: oidc, signInRules });
  return createOidcRoutes(watchedProvider(trail, signIn));
}

/** A process that fails to start closes its connections. */
async function closedAfter(db: Db, error: unknown): Promise<never> {
  await db.destroy();
  throw error;
}

interface KeyDeps {
  readonly db: Db;
  readonly seal: Seal;
  readonly notifications: DatabaseListener;
}

function tokenKeys({ tokenSecrets, tokenMinutes }: Config, { db, seal, notifications }: KeyDeps): TokenKeys {
  return tokenSecrets === null
    ? createKeptKeys({ store: createServerKeyStore(db, seal), tokenMinutes, notifications })
    : createConfiguredKeys(tokenSecrets);
}
