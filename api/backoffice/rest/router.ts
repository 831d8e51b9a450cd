import type { ReceiveLimits } from '../../http/archive-upload';
import { type RequestHandler, Router } from 'express';
import { unknownRoute } from '../../../shared/errors/catalog';
import type { AccountService } from '../services/accounts';
import type { ScheduleService } from '../services/schedules';
import type { AlertService } from '../services/alerts';
import type { AuditService } from '../services/audit';
import type { FlagService } from '../services/flags';
import type { LogService } from '../services/logs';
import type { MessageService } from '../services/messages';
import type { NotificationService } from '../services/notifications';
import type { OfflineFileService } from '../services/offline-files';
import type { OtherZoneService } from '../services/other-zones';
import type { PhotoGalleryService } from '../services/photos';
import type { QuarantineService } from '../services/quarantine';
import type { QuotaSettingsService } from '../services/quotas';
import type { SecondFactorService } from '../services/second-factor';
import type { RolloutService } from '../services/rollouts';
import type { SessionService } from '../services/session';
import type { SignInService } from '../services/sign-in';
import type { SolutionService } from '../services/solutions';
import type { SyncService } from '../services/syncs';
import type { ApprovalService } from '../services/approvals';
import type { ConflictService } from '../services/conflicts';
import type { ParamService } from '../services/params';
import type { TemplateRolloutService } from '../services/template-rollouts';
import type { TemplateSiteService } from '../services/template-sites';
import type { TemplateService } from '../services/templates';
import type { UserService } from '../services/users';
import type { HookService } from '../services/hooks';
import type { LinkService } from '../services/links';
import type { PairInboxService } from '../services/pair-inbox';
import type { PairRunService } from '../services/pair-runs';
import type { PairService } from '../services/pairs';
import type { SystemTaskService } from '../services/system-tasks';
import type { SystemService } from '../services/systems';
import { createAccountRoutes } from './accounts';
import { createScheduleRoutes } from './schedules';
import { type Interface, mountRoutes, refuseOtherMethods, type Route } from '../../http/route';
import { createAlertRoutes } from './alerts';
import { createAuditRoutes } from './audit';
import { createStaffCheck } from '../http/authentication';
import { createFlagRoutes } from './flags';
import { createLogRoutes } from './logs';
import { createMessageRoutes } from './messages';
import { createNotificationRoutes } from './notifications';
import { createOfflineFileRoutes } from './offline-files';
import { createOtherZoneRoutes } from './other-zones';
import { createPhotoRoutes } from './photos';
import { createQuarantineRoutes } from './quarantine';
import { createQuotaRoutes } from './quotas';
import { createRolloutRoutes } from './rollouts';
import { createSessionRoutes } from './session';
import { createSolutionRoutes } from './solutions';
import { createSyncRoutes } from './syncs';
import { createApprovalRoutes } from './approvals';
import { createConflictRoutes } from './conflicts';
import { createParamRoutes } from './params';
import { createTemplateRolloutRoutes } from './template-rollouts';
import { createTemplateSiteRoutes } from './template-sites';
import { createTemplateRoutes } from './templates';
import { createUserRoutes } from './users';
import { createPairJobRoutes } from './pair-jobs';
import { createPairLinkRoutes } from './pair-links';
import { createPairPlanRoutes } from './pair-plans';
import { createPairRunRoutes } from './pair-runs';
import { createPairRoutes } from './pairs';
import { createSystemRoutes } from './systems';

export interface ApiServices {
  readonly sessions: SessionService;
  readonly signIn: SignInService;
  readonly secondFactor: SecondFactorService;
  readonly accounts: AccountService;
  readonly schedules: ScheduleService;
  readonly users: UserService;
  readonly solutions: SolutionService;
  readonly quotas: QuotaSettingsService;
  readonly flags: FlagService;
  readonly rollouts: RolloutService;
  readonly logs: LogService;
  readonly otherZones: OtherZoneService;
  readonly photos: PhotoGalleryService;
  readonly messages: MessageService;
  readonly notifications: NotificationService;
  readonly alerts: AlertService;
  readonly offlineFiles: OfflineFileService;
  /** How large a file from a stick may be. */
  readonly offlineLimits: ReceiveLimits;
  readonly syncs: SyncService;
  readonly quarantine: QuarantineService;
  readonly approvals: ApprovalService;
  readonly conflicts: ConflictService;
  readonly params: ParamService;
  readonly templates: TemplateService;
  readonly templateRollouts: TemplateRolloutService;
  readonly templateSites: TemplateSiteService;
  readonly audit: AuditService;
  readonly systems: SystemService;
  readonly systemTasks: SystemTaskService;
  readonly hooks: HookService;
  readonly pairs: PairService;
  readonly pairRuns: PairRunService;
  readonly links: LinkService;
  readonly pairInbox: PairInboxService;
}

/** The calls of the backoffice, below `/api`. */
export function createApiRoutes(services: ApiServices): Route[] {
  return [
    ...createSessionRoutes(services),
    ...createAccountRoutes(services.accounts),
    ...createScheduleRoutes(services.schedules),
    ...createUserRoutes(services.users),
    ...createSolutionRoutes(services),
    ...createQuotaRoutes(services.quotas),
    ...createFlagRoutes(services.flags),
    ...createRolloutRoutes(services.rollouts),
    ...createParamRoutes(services.params),
    ...createTemplateRoutes(services.templates),
    ...createTemplateRolloutRoutes(services.templateRollouts),
    ...createTemplateSiteRoutes(services.templateSites),
    ...createLogRoutes(services.logs),
    ...createOtherZoneRoutes(services.otherZones),
    ...createPhotoRoutes(services.photos),
    ...createSyncRoutes(services.syncs),
    ...createOfflineFileRoutes(services.offlineFiles, services.offlineLimits),
    ...createQuarantineRoutes(services.quarantine),
    ...createConflictRoutes(services.conflicts, services.pairInbox),
    ...createApprovalRoutes(services.approvals, services.pairInbox),
    ...createMessageRoutes(services.messages),
    ...createAlertRoutes(services.alerts),
    ...createNotificationRoutes(services.notifications),
    ...createSystemRoutes(services),
    ...createPairRoutes(services.pairs),
    ...createPairRunRoutes(services.pairRuns),
    ...createPairPlanRoutes(services.pairRuns),
    ...createPairLinkRoutes(services.links),
    ...createPairJobRoutes(services.links),
    ...createAuditRoutes(services.audit),
  ];
}

/** The backoffice under `/api`, as JSON. Errors pass on to the API's handler. */
export function createBackofficeRouter(services: ApiServices): Interface {
  const router = Router();
  const check = createStaffCheck(services.sessions);
  router.use('/api', apiHeaders);
  const operations = createApiRoutes(services);
  mountRoutes(router, operations, (access) => (access === 'anyone' ? [] : [check]));
  // A caller who is not signed in must not learn which paths exist.
  refuseOtherMethods(router, operations, [check]);
  router.use('/api', check, () => {
    throw unknownRoute();
  });
  return { router, operations };
}

const apiHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  next();
};
