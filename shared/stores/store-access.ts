import { type Db, inTransaction } from '../db/database';
import { createAlertStore } from './alerts/alert-store';
import { createJobStore } from './jobs/job-store';
import { createPairSliceJobStore } from './jobs/pair-slice-job-store';
import { createScheduleStore } from './jobs/schedule-store';
import { createLogBookStore } from './logs/log-book-store';
import { createLogFindingStore } from './logs/log-finding-store';
import { createLogLock } from './logs/log-lock';
import { createLogMarkStore } from './logs/log-mark-store';
import { createLogReadStore } from './logs/log-read-store';
import { createOtherZoneStore } from './logs/other-zone-store';
import { createTemperatureStore } from './logs/temperature-store';
import { createMessageStore } from './messages/message-store';
import { createAddressConfirmationStore } from './notifications/address-confirmation-store';
import { createNotificationStore } from './notifications/notification-store';
import { createNotificationTargetStore } from './notifications/notification-target-store';
import { createHookStore } from './pairs/hook-store';
import { createLinkDeskStore } from './pairs/link-desk-store';
import { createLinkHintStore } from './pairs/link-hint-store';
import { createPairBoardStore } from './pairs/pair-board-store';
import { createPairConfigStore } from './pairs/pair-config-store';
import { createHeldWorkStore } from './pairs/held-work-store';
import { createPairInboxStore } from './pairs/pair-inbox-store';
import { createPairRunRequestStore } from './pairs/pair-run-request-store';
import { createSosyncLinkJobStore } from './pairs/sosync-link-job-store';
import { createSystemStore } from './pairs/system-store';
import { createSystemTaskStore } from './pairs/system-task-store';
import { createApprovalStore } from './parameters/approval-store';
import { createConflictStore } from './parameters/conflict-store';
import { createInstructionStore } from './parameters/instruction-store';
import { createParamSetStore } from './parameters/param-set-store';
import { createParamStore } from './parameters/param-store';
import { createReplacementStore } from './parameters/replacement-store';
import { createPhotoStore } from './photos/photo-store';
import { createAccountStore } from './solutions/account-store';
import { createRolloutRoundStore } from './rollouts/rollout-round-store';
import { createRolloutStore } from './rollouts/rollout-store';
import { createFlagStore } from './solutions/flag-store';
import { createInventoryStore } from './solutions/inventory-store';
import { createOverviewStore } from './solutions/overview-store';
import { createQuotaStore } from './solutions/quota-store';
import { createSolutionAdminStore } from './solutions/solution-admin-store';
import { createSolutionStore } from './solutions/solution-store';
import { createAuditStore } from './staff/audit-store';
import { createFailedLoginStore } from './staff/failed-login-store';
import { createKeptFormStore } from './staff/kept-form-store';
import { createOidcStore } from './staff/oidc-store';
import { createSecondFactorStore } from './staff/second-factor-store';
import { createSessionStore } from './staff/session-store';
import { createSightStore } from './staff/sight-store';
import { createSignInStore } from './staff/sign-in-store';
import { createStaffMailStore } from './staff/staff-mail-store';
import { createUserStore } from './staff/user-store';
import { createChannelResetStore } from './syncs/channel-reset-store';
import { createNewestCopyStore } from './syncs/newest-copy-store';
import { createOfflineFileStore } from './syncs/offline-file-store';
import { createQuarantineStore } from './syncs/quarantine-store';
import { createStatusStore } from './syncs/status-store';
import { createSyncSteps } from './syncs/sync-steps';
import { createSyncStore } from './syncs/sync-store';
import { createSosyncImportStore } from './sosync/sosync-import-store';
import { createSosyncInstanceStore } from './sosync/sosync-instance-store';
import { createSosyncJobStore } from './sosync/sosync-job-store';
import { createSosyncMirrorStore } from './sosync/sosync-mirror-store';
import { createSosyncWorkerStore } from './sosync/sosync-worker-store';
import { createSyncTimelineStore } from './syncs/sync-timeline-store';
import { createTemplateDifferenceStore } from './templates/template-difference-store';
import { createTemplateSiteStore } from './templates/template-site-store';
import { createTemplateStore } from './templates/template-store';

/**
 * How a service reaches its tables. `Stores` names the stores that the service uses and no others, so that its type
 * says which tables it touches (docs/decisions/047).
 */
export interface StoreAccess<Stores> {
  /** On the pool: each statement stands alone. */
  readonly stores: Stores;
  /** The same stores on one connection: what `run` does with those that it is given happens whole or not at all. */
  readonly transaction: <Result>(run: (stores: Stores) => Promise<Result>) => Promise<Result>;
}

/** Every store that a service may ask for. */
export type AllStores = ReturnType<typeof storesOn>;

/** Only what builds services calls it: compose.ts, the commands, tests. */
export const openStoreAccess = (db: Db): StoreAccess<AllStores> => ({
  stores: storesOn(db),
  transaction: (run) => inTransaction(db, ({ db: transaction }) => run(storesOn(transaction))),
});

/** A store is made when it is asked for: most services use two or three of them. */
export const storesOn = (db: Db) => ({
  get accounts() {
    return createAccountStore(db);
  },
  get addressConfirmations() {
    return createAddressConfirmationStore(db);
  },
  get alerts() {
    return createAlertStore(db);
  },
  get approvals() {
    return createApprovalStore(db);
  },
  get audit() {
    return createAuditStore(db);
  },
  get channelResets() {
    return createChannelResetStore(db);
  },
  get conflicts() {
    return createConflictStore(db);
  },
  get failedLogins() {
    return createFailedLoginStore(db);
  },
  get flags() {
    return createFlagStore(db);
  },
  get hooks() {
    return createHookStore(db);
  },
  get instructions() {
    return createInstructionStore(db);
  },
  get inventory() {
    return createInventoryStore(db);
  },
  get jobs() {
    return createJobStore(db);
  },
  get keptForms() {
    return createKeptFormStore(db);
  },
  get linkDesk() {
    return createLinkDeskStore(db);
  },
  get linkHints() {
    return createLinkHintStore(db);
  },
  get logBooks() {
    return createLogBookStore(db);
  },
  get logFindings() {
    return createLogFindingStore(db);
  },
  get logLock() {
    return createLogLock(db);
  },
  get logMarks() {
    return createLogMarkStore(db);
  },
  get logReadings() {
    return createLogReadStore(db);
  },
  get messages() {
    return createMessageStore(db);
  },
  get newestCopies() {
    return createNewestCopyStore(db);
  },
  get notifications() {
    return createNotificationStore(db);
  },
  get notificationTargets() {
    return createNotificationTargetStore(db);
  },
  get oidc() {
    return createOidcStore(db);
  },
  get otherZones() {
    return createOtherZoneStore(db);
  },
  get overview() {
    return createOverviewStore(db);
  },
  get offlineFiles() {
    return createOfflineFileStore(db);
  },
  get pairBoard() {
    return createPairBoardStore(db);
  },
  get pairConfigs() {
    return createPairConfigStore(db);
  },
  get heldWork() {
    return createHeldWorkStore(db);
  },
  get pairInbox() {
    return createPairInboxStore(db);
  },
  get pairRunRequests() {
    return createPairRunRequestStore(db);
  },
  get pairSliceJobs() {
    return createPairSliceJobStore(db);
  },
  get paramSets() {
    return createParamSetStore(db);
  },
  get params() {
    return createParamStore(db);
  },
  get photos() {
    return createPhotoStore(db);
  },
  get quarantine() {
    return createQuarantineStore(db);
  },
  get quotas() {
    return createQuotaStore(db);
  },
  get replacements() {
    return createReplacementStore(db);
  },
  get rolloutRounds() {
    return createRolloutRoundStore(db);
  },
  get rollouts() {
    return createRolloutStore(db);
  },
  get schedules() {
    return createScheduleStore(db);
  },
  get secondFactors() {
    return createSecondFactorStore(db);
  },
  get sessions() {
    return createSessionStore(db);
  },
  get sights() {
    return createSightStore(db);
  },
  get signIns() {
    return createSignInStore(db);
  },
  get solutionAdmin() {
    return createSolutionAdminStore(db);
  },
  get solutions() {
    return createSolutionStore(db);
  },
  get sosyncImport() {
    return createSosyncImportStore(db);
  },
  get sosyncInstances() {
    return createSosyncInstanceStore(db);
  },
  get sosyncJobs() {
    return createSosyncJobStore(db);
  },
  get sosyncLinkJobs() {
    return createSosyncLinkJobStore(db);
  },
  get sosyncMirror() {
    return createSosyncMirrorStore(db);
  },
  get sosyncWorkers() {
    return createSosyncWorkerStore(db);
  },
  get staffMails() {
    return createStaffMailStore(db);
  },
  get statuses() {
    return createStatusStore(db);
  },
  get syncSteps() {
    return createSyncSteps(db);
  },
  get syncs() {
    return createSyncStore(db);
  },
  get systems() {
    return createSystemStore(db);
  },
  get systemTasks() {
    return createSystemTaskStore(db);
  },
  get temperatures() {
    return createTemperatureStore(db);
  },
  get templateDifferences() {
    return createTemplateDifferenceStore(db);
  },
  get templates() {
    return createTemplateStore(db);
  },
  get templateSites() {
    return createTemplateSiteStore(db);
  },
  get timelines() {
    return createSyncTimelineStore(db);
  },
  get users() {
    return createUserStore(db);
  },
});
