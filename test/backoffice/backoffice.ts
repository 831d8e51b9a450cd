import express, { type Router } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConsoleRoutes } from '../../api/backoffice/console/routes';
import { createBackofficeRouter } from '../../api/backoffice/rest/router';
import { createAccountService } from '../../api/backoffice/services/accounts';
import { createScheduleService } from '../../api/backoffice/services/schedules';
import { createApprovalService } from '../../api/backoffice/services/approvals';
import { createConflictService } from '../../api/backoffice/services/conflicts';
import { createParamService } from '../../api/backoffice/services/params';
import { createAlertService } from '../../api/backoffice/services/alerts';
import { createAuditService } from '../../api/backoffice/services/audit';
import { createFlagService } from '../../api/backoffice/services/flags';
import { createInventoryService } from '../../api/backoffice/services/inventory';
import { createOfflineFileService } from '../../api/backoffice/services/offline-files';
import { createOtherZoneService } from '../../api/backoffice/services/other-zones';
import { createOverviewService } from '../../api/backoffice/services/overview';
import { createSupportService } from '../../api/backoffice/services/support';
import { createTemperatureService } from '../../api/backoffice/services/temperatures';
import { createTemplateRolloutService } from '../../api/backoffice/services/template-rollouts';
import { createTemplateSiteService } from '../../api/backoffice/services/template-sites';
import { createTemplateService } from '../../api/backoffice/services/templates';
import { createKeptFormService } from '../../api/backoffice/services/kept-forms';
import { createLogService } from '../../api/backoffice/services/logs';
import { createPhotoGalleryService } from '../../api/backoffice/services/photos';
import { createMessageService } from '../../api/backoffice/services/messages';
import { createNotificationService } from '../../api/backoffice/services/notifications';
import { createQuarantineService } from '../../api/backoffice/services/quarantine';
import { createQuotaSettingsService } from '../../api/backoffice/services/quotas';
import { createRolloutService } from '../../api/backoffice/services/rollouts';
import { createSessionService } from '../../api/backoffice/services/session';
import { createSecondFactorService } from '../../api/backoffice/services/second-factor';
import { createSignInService } from '../../api/backoffice/services/sign-in';
import { createSolutionService } from '../../api/backoffice/services/solutions';
import { createSyncService } from '../../api/backoffice/services/syncs';
import { createUserService } from '../../api/backoffice/services/users';
import { createHookService } from '../../api/backoffice/services/hooks';
import { createLinkService } from '../../api/backoffice/services/links';
import { createLinkStoryService } from '../../api/backoffice/services/link-story';
import { createPairBoardService } from '../../api/backoffice/services/pair-board';
import { createPairHistoryService } from '../../api/backoffice/services/pair-history';
import { createPairInboxService } from '../../api/backoffice/services/pair-inbox';
import { createPairRunService } from '../../api/backoffice/services/pair-runs';
import { createPairService } from '../../api/backoffice/services/pairs';
import { createSystemTaskService } from '../../api/backoffice/services/system-tasks';
import { createSystemService } from '../../api/backoffice/services/systems';
import { createOpenApiDocument } from '../../api/openapi/document';
import { createProblemHandler, unknownRouteHandler } from '../../api/http/problem';
import { newTraffic } from '../setup/traffic';
import { noTracing } from '../../shared/tracing';
import { createDeliveryService } from '../../api/services/delivery';
import { createHandshakeService } from '../../api/services/handshake';
import { createIntakeService } from '../../api/services/intake';
import type { Db } from '../../shared/db/database';
import { createDatabaseListener } from '../../shared/db/listen';
import { type SignInRules, usualSignInRules } from '../../shared/domain/sign-in-rules';
import { commandLineCaller, type Role } from '../../shared/domain/staff';
import { readConfig } from '../../shared/config/config';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { FileStore } from '../../shared/files/file-store';
import { passwordCost, type ScryptCost } from '../../shared/passwords/password-hash';
import { createPasswordHasher } from '../../shared/passwords/password-hasher';
import { createLogger } from '../../shared/log';
import { noSeal } from '../setup/no-seal';
import { openQueue } from '../../shared/queue/open-queue';
import { createJudge } from '../openapi/judge';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { usualQuotas } from '../setup/quotas';
import { openStoreAccess } from '../../shared/stores/store-access';
import { readingOn } from '../setup/reading-access';

/** Most tests sign in, and what a hash costs is no matter of theirs. */
export const cheapPasswords: ScryptCost = { ...passwordCost, costLog2: 10 };

/** The backoffice on a database and a folder of its own, behind a real HTTP server. */
export interface TestBackoffice {
  readonly url: string;
  readonly db: Db;
  readonly databaseUrl: string;
  readonly files: FileStore;
  readonly router: Router;
  /** Signed in as an admin, unless a test wants another role. */
  readonly admin: Staff;
  /** Makes someone of the staff and signs in. */
  readonly signIn: (role: Role, accountIds?: readonly string[]) => Promise<Staff>;
  /** Makes someone of the staff, who has not signed in. */
  readonly addUser: (role: Role) => Promise<{ email: string; password: string }>;
  /** Calls without being signed in. */
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  stop(): Promise<void>;
}

/** Someone who is signed in. */
export interface Staff {
  readonly id: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON in it; undefined where it is none. */
  readonly json: unknown;
  /** A member of a member of the JSON: `at('items', 0, 'id')`. Undefined where there is none. */
  readonly at: (...path: readonly (string | number)[]) => unknown;
}

const password = 'correct horse battery';

export async function startBackoffice(
  rules: SignInRules = usualSignInRules,
  firstRole: Role = 'admin',
): Promise<TestBackoffice> {
  const database = await createTestDatabase();
  const { db } = database;
  const folder = createTestFolder();
  const log = createLogger({ level: 'silent', name: 'test' });
  const files = createDiskFileStore(folder.path);
  const notifications = createDatabaseListener({ url: database.url, log, applicationName: 'epack-test' });
  const queue = await openQueue({ queueUrl: null, authority: null, db, notifications, log });
  const board = { learn: () => undefined, refresh: () => Promise.resolve() };
  const intake = createIntakeService({
    ...openStoreAccess(db),
    quotas: usualQuotas(db),
    files,
    queue,
    board,
    log,
    limits,
    advice: { needRoom: () => undefined },
    uploadIdleSeconds: 30,
    traffic: newTraffic(),
    tracer: noTracing,
    isDraining: () => false,
  });
  const passwords = createPasswordHasher(cheapPasswords);
  const users = createUserService({ ...openStoreAccess(db), passwords, rules });
  const solutions = createSolutionService(openStoreAccess(db));
  const systemTasks = createSystemTaskService({ ...openStoreAccess(db), patienceSeconds: 1 });
  const services = {
    sessions: createSessionService({ ...openStoreAccess(db), rules }),
    signIn: createSignInService({ ...openStoreAccess(db), passwords, rules, seal: noSeal, log }),
    secondFactor: createSecondFactorService({ ...openStoreAccess(db), seal: noSeal, rules }),
    signInRules: rules,
    accounts: createAccountService(openStoreAccess(db)),
    schedules: createScheduleService(openStoreAccess(db)),
    users,
    solutions,
    quotas: createQuotaSettingsService({ ...openStoreAccess(db), standard: readConfig({}).quotas }),
    flags: createFlagService(openStoreAccess(db)),
    rollouts: createRolloutService(openStoreAccess(db)),
    logs: createLogService(readingOn(db)),
    otherZones: createOtherZoneService(openStoreAccess(db)),
    photos: createPhotoGalleryService({ ...openStoreAccess(db), files }),
    messages: createMessageService({ ...openStoreAccess(db), language: 'en' }),
    alerts: createAlertService(openStoreAccess(db)),
    offlineFiles: createOfflineFileService({
      ...openStoreAccess(db),
      ...{ files, intake },
      delivery: createDeliveryService({
        ...openStoreAccess(db),
        ...{ files, board },
        downloads: { note: () => undefined, find: () => null, forget: () => undefined },
      }),
      handshake: createHandshakeService({
        steps: openStoreAccess(db).stores.syncSteps,
        flags: openStoreAccess(db).stores.flags,
      }),
    }),
    offlineLimits: { maxArchiveBytes: limits.maxArchiveBytes, uploadIdleSeconds: 30 },
    syncs: createSyncService({ ...openStoreAccess(db), files, intake }),
    quarantine: createQuarantineService({ ...openStoreAccess(db), files, intake }),
    approvals: createApprovalService(openStoreAccess(db)),
    conflicts: createConflictService(openStoreAccess(db)),
    params: createParamService(openStoreAccess(db)),
    templates: createTemplateService(openStoreAccess(db)),
    templateRollouts: createTemplateRolloutService(openStoreAccess(db)),
    templateSites: createTemplateSiteService(openStoreAccess(db)),
    notifications: createNotificationService({
      ...openStoreAccess(db),
      seal: noSeal,
      rules: { allowsHttp: true, allowedNetworks: [] },
    }),
    audit: createAuditService(openStoreAccess(db)),
    systems: createSystemService({ ...openStoreAccess(db), seal: noSeal }),
    systemTasks,
    hooks: createHookService({ ...openStoreAccess(db), seal: noSeal, tasks: systemTasks, publicUrl: null }),
    pairs: createPairService(openStoreAccess(db)),
    pairRuns: createPairRunService(openStoreAccess(db)),
    links: createLinkService(openStoreAccess(db)),
    pairInbox: createPairInboxService(openStoreAccess(db)),
    linkStories: createLinkStoryService(openStoreAccess(db)),
    pairBoard: createPairBoardService(openStoreAccess(db)),
    pairHistory: createPairHistoryService(openStoreAccess(db)),
    keptForms: createKeptFormService(openStoreAccess(db)),
    overview: createOverviewService(openStoreAccess(db)),
    support: createSupportService({ ...openStoreAccess(db), solutions }),
    inventory: createInventoryService(openStoreAccess(db)),
    temperatures: createTemperatureService(readingOn(db)),
    sendsMail: false,
    oidcButton: null,
    log,
  };
  const { router, operations } = createBackofficeRouter(services);
  const judge = createJudge(createOpenApiDocument(operations));
  const checkHealth = () =>
    Promise.resolve({ database: true, queue: queue.isUp(), files: true, room: true, replica: null });
  const app = express();
  // So that each test may come from an address of its own.
  app.set('trust proxy', true);
  app.use(router);
  app.use(createConsoleRoutes({ ...services, checkHealth }));
  app.use(unknownRouteHandler, createProblemHandler(log));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let count = 0;

  return {
    url,
    db,
    databaseUrl: database.url,
    files,
    router,
    admin: await signIn(firstRole, []),
    addUser,
    signIn: (role, accountIds = []) => signIn(role, accountIds),
    call: judged,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await passwords.close();
      await queue.close();
      await notifications.close();
      await database.drop();
      folder.remove();
    },
  };

  /** Every response that a test gets must match the document. */
  async function judged(method: string, path: string, options?: CallOptions): Promise<Answer> {
    const answer = await call(url, method, path, options);
    if (!path.startsWith('/api/') || isUnknown(answer)) return answer;
    const { status, text } = answer;
    const contentType = answer.headers.get('content-type');
    expect(judge.judge({ method, path, status, contentType, text }).mistakes).toEqual([]);
    return answer;
  }

  async function addUser(role: Role) {
    count += 1;
    const email = `${role}${count}@example.org`;
    await users.create(commandLineCaller, { email, password, role, accountIds: [] });
    return { email, password };
  }

  async function signIn(role: Role, accountIds: readonly string[]): Promise<Staff> {
    count += 1;
    const email = `${role}${count}@example.org`;
    const input = { email, password, role, accountIds: accountIds.map(Number) };
    const { id } = await users.create(commandLineCaller, input);
    const answer = await judged('POST', '/api/session', { body: { email, password } });
    const token = String(answer.at('token'));
    return {
      id: String(id),
      email,
      password,
      token,
      call: (method, path, body, headers = {}) =>
        judged(method, path, { body, headers: { authorization: `Bearer ${token}`, ...headers } }),
    };
  }
}

const limits = {
  maxArchiveBytes: 64 * 1024 * 1024,
  maxUnpackedBytes: 256 * 1024 * 1024,
  maxEntries: 1000,
  maxRatio: 200,
  maxArchiveRatio: 50,
  largePackageBytes: 16 * 1024 * 1024,
};

async function call(base: string, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const hasBody = options.body !== undefined;
  const response = await fetch(base + path, {
    method,
    redirect: 'manual',
    headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...options.headers },
    ...(hasBody ? { body: JSON.stringify(options.body) } : {}),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  const json: unknown = isJson ? JSON.parse(text) : undefined;
  const at = (...path: readonly (string | number)[]) => path.reduce(memberOf, json);
  return { status: response.status, headers: response.headers, text, json, at };
}

/** A call that there is not: the document tells nothing of it. */
const isUnknown = ({ status, text }: Answer) =>
  status === 401 || status === 405 || (status === 404 && text.includes('There is nothing at this path'));

const memberOf = (value: unknown, name: string | number): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === String(name))?.[1]
    : undefined;
