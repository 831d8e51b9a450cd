import type { StoreAccess } from '../../../shared/stores/store-access';
import type { FieldFault } from '../../../shared/domain/field-fault';
import { secretOverlapHours, type TargetKind } from '../../../shared/domain/notification';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { type Caller, sees } from '../../../shared/domain/staff';
import {
  addressConfirmed,
  addressNotConfirmed,
  forbidden,
  invalidFields,
  notFound,
  notReplayable,
  staleVersion,
} from '../../../shared/errors/catalog';
import { type WebhookRules, webhookUrlProblem } from '../../../shared/notifications/webhook-rules';
import type { Seal } from '../../../shared/seal/seal';
import { hashSessionToken, isSessionToken, newWebhookSecret } from '../../../shared/secrets';
import type { Account, AccountStore } from '../../../shared/stores/solutions/account-store';
import type { AuditEntry, AuditStore } from '../../../shared/stores/staff/audit-store';
import type {
  AddressConfirmationStore,
  AddressQuestion,
} from '../../../shared/stores/notifications/address-confirmation-store';
import type {
  Notification,
  NotificationFilter,
  NotificationStore,
} from '../../../shared/stores/notifications/notification-store';
import type {
  NewTarget,
  NotificationTarget,
  NotificationTargetStore,
  TargetChanges,
} from '../../../shared/stores/notifications/notification-target-store';
import { countAttemptIn, countAttemptOf, type FailureStores } from './counted-attempts';
import { needEditor } from './rights';
import { questionLimits, testLimits } from './sending-limits';
import { auditEntry } from './trail';

interface Stores extends FailureStores {
  readonly accounts: Pick<AccountStore, 'seenBy' | 'existing'>;
  readonly addressConfirmations: Pick<AddressConfirmationStore, 'find' | 'confirm'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly notificationTargets: NotificationTargetStore;
  readonly notifications: Pick<NotificationStore, 'addAsked' | 'list' | 'find' | 'retry'>;
}

export type TargetInput = Omit<NewTarget, 'secret' | 'isConfirmed'>;

export interface CreatedTarget {
  readonly target: NotificationTarget;
  /** The secret of a webhook, which is only shown once. Null: an e-mail target has none. */
  readonly secret: string | null;
}

interface Deps extends StoreAccess<Stores> {
  readonly rules: WebhookRules;
  /** Seals the secrets of webhooks. */
  readonly seal: Pick<Seal, 'seal'>;
}

export type NotificationService = ReturnType<typeof createNotificationService>;

/**
 * The recipients of each notification. Only users who may edit can read them, because the URL of a webhook may contain
 * a secret.
 */
export function createNotificationService({ stores, transaction, rules, seal }: Deps) {
  return {
    /** Throws `forbidden`. `accountId` null: the targets of every account that the caller sees. */
    async list(
      caller: Caller,
      accountId: number | null,
      page: PageRequest<number>,
    ): Promise<Page<NotificationTarget>> {
      needEditor(caller);
      return stores.notificationTargets.list(caller.accounts, accountId, page);
    },

    /** Throws `not-found`, `forbidden`. */
    get: (caller: Caller, id: number): Promise<NotificationTarget> => found(stores, caller, id),

    /** The accounts that the caller may name targets for. Throws `forbidden`. */
    async accounts(caller: Caller): Promise<Account[]> {
      needEditor(caller);
      return stores.accounts.seenBy(caller.accounts);
    },

    /**
     * The owner of an e-mail address must first confirm it. Throws `not-found`, `forbidden`, `invalid-fields`,
     * `too-many-requests`.
     */
    async create(caller: Caller, input: TargetInput): Promise<CreatedTarget> {
      await needAccount(stores, caller, input.accountId);
      checkAddress(input.kind, input.address, rules);
      const isMail = input.kind === 'email';
      const secret = isMail ? null : newWebhookSecret();
      return transaction(async (stores) => {
        const id = await stores.notificationTargets.insert({
          ...input,
          secret: secret === null ? null : seal.seal(secret, 'webhook-secret'),
          isConfirmed: !isMail,
        });
        const target = await found(stores, caller, id);
        if (isMail) await ask(stores, caller, target);
        await tell(stores, caller, 'create', { before: null, after: target });
        return { target, secret };
      });
    },

    /**
     * `ifRevision`: the one that the edit is based on; null: whichever it is. If the e-mail address changes, its owner
     * must first confirm it. Waiting notifications are sent there afterwards. Throws `not-found`, `forbidden`, `stale`,
     * `invalid-fields`, `too-many-requests`.
     */
    update: (
      caller: Caller,
      id: number,
      changes: TargetChanges,
      ifRevision: string | null = null,
    ): Promise<NotificationTarget> =>
      transaction(async (stores) => {
        await stores.notificationTargets.lock(id);
        const before = await found(stores, caller, id);
        if (ifRevision !== null && ifRevision !== before.revision) throw staleVersion(before.revision);
        if (changes.address !== undefined) checkAddress(before.kind, changes.address, rules);
        await stores.notificationTargets.update(id, changes);
        const after = await found(stores, caller, id);
        if (after.kind === 'email' && after.address !== before.address) await ask(stores, caller, after);
        await tell(stores, caller, 'update', { before, after });
        return after;
      }),

    /** Also deletes what waits for it. Throws `not-found`, `forbidden`. */
    remove: (caller: Caller, id: number): Promise<void> =>
      transaction(async (stores) => {
        const before = await found(stores, caller, id);
        await stores.notificationTargets.remove(id);
        await tell(stores, caller, 'delete', { before, after: null });
      }),

    /**
     * Makes a new secret for a webhook, which is only shown once. The old one also signs for a day. Throws `not-found`,
     * `forbidden`.
     */
    replaceSecret: (caller: Caller, id: number): Promise<string> =>
      transaction(async (stores) => {
        const { kind } = await found(stores, caller, id);
        if (kind !== 'webhook') throw notFound('webhook');
        const secret = newWebhookSecret();
        const sealed = seal.seal(secret, 'webhook-secret');
        await stores.notificationTargets.replaceSecret(id, sealed, secretOverlapHours);
        const after = { id, secret: 'replaced' };
        await stores.audit.add([auditEntry(caller, 'notification-target.replace-secret', { after })]);
        return secret;
      }),

    /**
     * Sends a test to the target. Returns the notification's id. Throws `not-found`, `forbidden`, `not-confirmed`,
     * `too-many-requests`.
     */
    async test(caller: Caller, id: number): Promise<string> {
      const target = await found(stores, caller, id);
      if (target.confirmedAt === null) throw addressNotConfirmed();
      await countAttemptOf({ stores, transaction }, testLimits(caller, target));
      return stores.notifications.addAsked(id, 'test');
    },

    /**
     * Sends the confirmation e-mail again. Returns the notification's id. Throws `not-found`, `forbidden`,
     * `already-confirmed`, `too-many-requests`.
     */
    askAgain: (caller: Caller, id: number): Promise<string> =>
      transaction(async (stores) => {
        const target = await found(stores, caller, id);
        if (target.confirmedAt !== null) throw addressConfirmed();
        return ask(stores, caller, target);
      }),

    /** The question behind the link in a confirmation e-mail. Null: the link is no longer valid. */
    async questionOf(token: string): Promise<AddressQuestion | null> {
      return isSessionToken(token) ? stores.addressConfirmations.find(hashSessionToken(token)) : null;
    },

    /**
     * The owner of an address confirms it. `clientAddress`: the network address of the owner. Returns what was
     * confirmed. Null: the link is no longer valid.
     */
    confirm: (token: string, clientAddress: string): Promise<AddressQuestion | null> =>
      transaction(async ({ addressConfirmations, audit }) => {
        const tokenSha256 = hashSessionToken(isSessionToken(token) ? token : '');
        const question = await addressConfirmations.find(tokenSha256);
        if (question === null || !(await addressConfirmations.confirm(tokenSha256))) return null;
        await audit.add([confirmationEntry(question, clientAddress)]);
        return question;
      }),

    /** The notifications of a target: sent, waiting and given up. Throws `not-found`, `forbidden`. */
    async listOf(
      caller: Caller,
      filter: NotificationFilter,
      page: PageRequest<string>,
    ): Promise<Page<Notification>> {
      await found(stores, caller, filter.targetId);
      return stores.notifications.list(filter, page);
    },

    /** Sends one again that was given up. Throws `not-found`, `forbidden`, `not-replayable`. */
    async retry(caller: Caller, id: string): Promise<void> {
      await transaction(async (stores) => {
        const { notifications } = stores;
        const notification = await notifications.find(id);
        if (notification === null) throw notFound('notification');
        const target = await found(stores, caller, notification.targetId, 'notification');
        if (!(await notifications.retry(id))) throw notReplayable('notification-not-given-up');
        const after = { id, event: notification.event, address: target.address };
        await stores.audit.add([auditEntry(caller, 'notification.retry', { after })]);
      });
    },
  };
}

/** Sends the confirmation e-mail. Returns the notification's id. Throws `too-many-requests`. */
async function ask(stores: Stores, caller: Caller, target: NotificationTarget): Promise<string> {
  await countAttemptIn(stores, questionLimits(caller, target));
  return stores.notifications.addAsked(target.id, 'confirm-address');
}

const confirmationEntry = (
  { targetId, address, accountName }: AddressQuestion,
  clientAddress: string,
): AuditEntry => ({
  actor: address,
  action: 'notification-target.confirm',
  solutionId: null,
  address: clientAddress,
  before: null,
  after: { id: targetId, address, account: accountName },
});

/** An object that the caller must not see counts as missing, whatever their role. `what`: the requested object. */
async function found(
  stores: Stores,
  caller: Caller,
  id: number,
  what = 'notification target',
): Promise<NotificationTarget> {
  const target = await stores.notificationTargets.find(caller.accounts, id);
  if (target === null) throw notFound(what);
  needEditor(caller);
  return target;
}

async function needAccount(stores: Stores, caller: Caller, accountId: number | null): Promise<void> {
  if (accountId === null) {
    if (caller.accounts !== 'all') throw forbidden();
    return;
  }
  const isThere = (await stores.accounts.existing([accountId])).length === 1;
  if (!isThere || !sees(caller, accountId)) throw notFound('account');
  needEditor(caller);
}

function checkAddress(kind: TargetKind, address: string, rules: WebhookRules): void {
  const fault: FieldFault | null =
    kind === 'webhook'
      ? webhookUrlProblem(address, rules)
      : isMail.test(address)
        ? null
        : { code: 'not-an-email' };
  if (fault !== null) throw invalidFields([{ field: 'address', fault }]);
}

/** One address, without a name. Only the mail server can judge the parts before and after the `@`. */
const isMail = /^[^\s<>@,;:"()[\]\\]+@[^\s<>@,;:"()[\]\\]+$/;

async function tell(
  stores: Stores,
  caller: Caller,
  verb: 'create' | 'update' | 'delete',
  { before, after }: { before: NotificationTarget | null; after: NotificationTarget | null },
): Promise<void> {
  const deed = { before: before && auditedTarget(before), after: after && auditedTarget(after) };
  await stores.audit.add([auditEntry(caller, `notification-target.${verb}`, deed)]);
}

/** The settings of a target, without the state of its notifications. */
const auditedTarget = ({
  late: _late,
  parked: _parked,
  revision: _revision,
  confirmedAt: _confirmedAt,
  ...target
}: NotificationTarget) => target;
