import type { Logger } from '../../../shared/log';
import type { SignInRules } from '../../../shared/domain/sign-in-rules';
import type { HealthCheck } from '../../ops/health';
import type { AccountService } from '../services/accounts';
import type { ScheduleService } from '../services/schedules';
import type { AlertService } from '../services/alerts';
import type { ApprovalService } from '../services/approvals';
import type { AuditService } from '../services/audit';
import type { ConflictService } from '../services/conflicts';
import type { FlagService } from '../services/flags';
import type { OidcButton } from '../oidc/routes';
import type { InventoryService } from '../services/inventory';
import type { KeptFormService } from '../services/kept-forms';
import type { LogService } from '../services/logs';
import type { MessageService } from '../services/messages';
import type { NotificationService } from '../services/notifications';
import type { OtherZoneService } from '../services/other-zones';
import type { OverviewService } from '../services/overview';
import type { ParamService } from '../services/params';
import type { PhotoGalleryService } from '../services/photos';
import type { QuarantineService } from '../services/quarantine';
import type { QuotaSettingsService } from '../services/quotas';
import type { SecondFactorService } from '../services/second-factor';
import type { SessionService } from '../services/session';
import type { SignInService } from '../services/sign-in';
import type { SolutionService } from '../services/solutions';
import type { SupportService } from '../services/support';
import type { SyncService } from '../services/syncs';
import type { TemperatureService } from '../services/temperatures';
import type { UserService } from '../services/users';

/** What the pages use: the same services as the REST interface, and reads that only pages need. */
export interface ConsoleServices {
  readonly sessions: SessionService;
  readonly keptForms: KeptFormService;
  readonly signIn: SignInService;
  readonly secondFactor: SecondFactorService;
  readonly signInRules: SignInRules;
  readonly accounts: AccountService;
  readonly schedules: ScheduleService;
  readonly users: UserService;
  readonly solutions: SolutionService;
  readonly quotas: QuotaSettingsService;
  readonly flags: FlagService;
  readonly logs: LogService;
  readonly messages: MessageService;
  readonly notifications: NotificationService;
  readonly alerts: AlertService;
  readonly syncs: SyncService;
  readonly quarantine: QuarantineService;
  readonly approvals: ApprovalService;
  readonly conflicts: ConflictService;
  readonly params: ParamService;
  readonly audit: AuditService;
  readonly otherZones: OtherZoneService;
  readonly overview: OverviewService;
  readonly support: SupportService;
  readonly inventory: InventoryService;
  readonly temperatures: TemperatureService;
  readonly photos: PhotoGalleryService;
  /** Sign-in through an identity provider; null: none is configured. */
  readonly oidcButton: OidcButton | null;
  /** False: no mail server is configured, and e-mails are not sent. */
  readonly sendsMail: boolean;
  readonly checkHealth: HealthCheck;
  readonly log: Pick<Logger, 'error'>;
}
