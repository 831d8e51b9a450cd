import express, { type RequestHandler, Router } from 'express';
import { unknownRoute } from '../../../shared/errors/catalog';
import { type ConsoleServices, createConsoleRoutes } from '../console/routes';
import type { AccountService } from '../services/accounts';
import type { AlertService } from '../services/alerts';
import type { AuditService } from '../services/audit';
import type { FlagService } from '../services/flags';
import type { LogService } from '../services/logs';
import type { MessageService } from '../services/messages';
import type { QuarantineService } from '../services/quarantine';
import type { SessionService } from '../services/session';
import type { SolutionService } from '../services/solutions';
import type { SyncService } from '../services/syncs';
import type { ApprovalService } from '../services/approvals';
import type { ConflictService } from '../services/conflicts';
import type { ParamService } from '../services/params';
import type { UserService } from '../services/users';
import { createAccountRoutes } from './accounts';
import { mountRoutes } from '../../http/route';
import { createAlertRoutes } from './alerts';
import { createAuditRoutes } from './audit';
import { createStaffCheck } from './authentication';
import { createFlagRoutes } from './flags';
import { createLogRoutes } from './logs';
import { createMessageRoutes } from './messages';
import { createQuarantineRoutes } from './quarantine';
import { createSessionRoutes } from './session';
import { createSolutionRoutes } from './solutions';
import { createSyncRoutes } from './syncs';
import { createApprovalRoutes } from './approvals';
import { createConflictRoutes } from './conflicts';
import { createParamRoutes } from './params';
import { createUserRoutes } from './users';

export interface BackofficeServices extends ConsoleServices {
  readonly sessions: SessionService;
  readonly accounts: AccountService;
  readonly users: UserService;
  readonly solutions: SolutionService;
  readonly flags: FlagService;
  readonly logs: LogService;
  readonly messages: MessageService;
  readonly alerts: AlertService;
  readonly syncs: SyncService;
  readonly quarantine: QuarantineService;
  readonly approvals: ApprovalService;
  readonly conflicts: ConflictService;
  readonly params: ParamService;
  readonly audit: AuditService;
}

/** The backoffice: JSON under `/api`, pages for people under `/`. Errors pass on to the API's handler. */
export function createBackofficeRouter(services: BackofficeServices): Router {
  const router = Router();
  const check = createStaffCheck(services.sessions);
  router.use('/api', apiHeaders);
  mountRoutes(router, createAlertRoutes(services.alerts), () => [check]);
  router.use('/api', createApiRoutes(services));
  router.use(createConsoleRoutes(services));
  return router;
}

function createApiRoutes(services: BackofficeServices): Router {
  const router = Router();
  const check = createStaffCheck(services.sessions);

  router.use(apiHeaders);
  // The way in is the one route that anyone may call.
  router.use(createSessionRoutes(services.sessions, check));
  router.use(check);
  // A corrected file of the quarantine may be as large as this.
  router.use(express.json({ limit: '16mb' }));
  router.use(createAccountRoutes(services.accounts));
  router.use(createUserRoutes(services.users));
  router.use(createSolutionRoutes(services.solutions));
  router.use(createFlagRoutes(services.flags));
  router.use(createLogRoutes(services.logs));
  router.use(createMessageRoutes(services.messages));
  router.use(createSyncRoutes(services.syncs));
  router.use(createQuarantineRoutes(services.quarantine));
  router.use(createApprovalRoutes(services.approvals));
  router.use(createConflictRoutes(services.conflicts));
  router.use(createParamRoutes(services.params));
  router.use(createAuditRoutes(services.audit));
  router.use(() => {
    throw unknownRoute();
  });
  return router;
}

const apiHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  next();
};
