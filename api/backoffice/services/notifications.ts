import { type Db, inTransaction } from '../../../shared/db/database';
import type { FieldFault } from '../../../shared/domain/field-fault';
import {
  type MailLanguage,
  type NotificationEvent,
  secretOverlapHours,
  type TargetKind,
} from '../../../shared/domain/notification';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { type Caller, sees } from '../../../shared/domain/staff';
import {
  forbidden,
  invalidFields,
  notFound,
  notReplayable,
  staleVersion,
} from '../../../shared/errors/catalog';
import { type WebhookRules, webhookUrlProblem } from '../../../shared/notifications/webhook-rules';
import type { Seal } from '../../../shared/seal/seal';
import { newWebhookSecret } from '../../../shared/secrets';
import { type Account, createAccountStore } from '../../../shared/stores/solutions/account-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import {
  createNotificationStore,
  type Notification,
  type NotificationFilter,
} from '../../../shared/stores/notifications/notification-store';
import {
  createNotificationTargetStore,
  type NotificationTarget,
  type TargetChanges,
} from '../../../shared/stores/notifications/notification-target-store';
import { needEditor } from './rights';
import { auditEntry } from './trail';

export interface TargetInput {
  /** Null: what happens in every account; for admins. */
  readonly accountId: number | null;
  readonly kind: TargetKind;
  /** An e-mail address, or a URL. */
  readonly address: string;
  readonly events: readonly NotificationEvent[];
  readonly staleHours: number;
  readonly language: MailLanguage;
}

export interface CreatedTarget {
  readonly target: NotificationTarget;
  /** Of a webhook: shown this once. Null: an e-mail has none. */
  readonly secret: string | null;
}

interface Deps {
  readonly db: Db;
  readonly rules: WebhookRules;
  /** Of the secrets of webhooks. */
  readonly seal: Pick<Seal, 'seal'>;
}

export type NotificationService = ReturnType<typeof createNotificationService>;

/** Who is told of what. For those who edit: an address of a webhook may hold a secret by itself. */
export function createNotificationService({ db, rules, seal }: Deps) {
  return {
    /** Throws `forbidden`. `accountId` null: of every account that the caller sees. */
    async list(
      caller: Caller,
      accountId: number | null,
      page: PageRequest<number>,
    ): Promise<Page<NotificationTarget>> {
      needEditor(caller);
      return createNotificationTargetStore(db).list(caller.accounts, accountId, page);
    },

    /** Throws `not-found`, `forbidden`. */
    get: (caller: Caller, id: number): Promise<NotificationTarget> => found(db, caller, id),

    /** The accounts that the caller may name targets for. Throws `forbidden`. */
    async accounts(caller: Caller): Promise<Account[]> {
      needEditor(caller);
      return createAccountStore(db).seenBy(caller.accounts);
    },

    /** Throws `not-found`, `forbidden`, `invalid-fields`. */
    async create(caller: Caller, input: TargetInput): Promise<CreatedTarget> {
      await needAccount(db, caller, input.accountId);
      checkAddress(input.kind, input.address, rules);
      const secret = input.kind === 'webhook' ? newWebhookSecret() : null;
      return inTransaction(db, async ({ db: trx }) => {
        const id = await createNotificationTargetStore(trx).insert({
          ...input,
          secret: secret === null ? null : seal.seal(secret, 'webhook-secret'),
        });
        const target = await found(trx, caller, id);
        await tell(trx, caller, 'create', null, target);
        return { target, secret };
      });
    },

    /**
     * `ifRevision`: the one that the edit is based on; null: whichever it is.
     * Throws `not-found`, `forbidden`, `stale`, `invalid-fields`.
     */
    update: (
      caller: Caller,
      id: number,
      changes: TargetChanges,
      ifRevision: string | null = null,
    ): Promise<NotificationTarget> =>
      inTransaction(db, async ({ db: trx }) => {
        await createNotificationTargetStore(trx).lock(id);
        const before = await found(trx, caller, id);
        if (ifRevision !== null && ifRevision !== before.revision) throw staleVersion(before.revision);
        if (changes.address !== undefined) checkAddress(before.kind, changes.address, rules);
        await createNotificationTargetStore(trx).update(id, changes);
        const after = await found(trx, caller, id);
        await tell(trx, caller, 'update', before, after);
        return after;
      }),

    /** What waits for it goes with it. Throws `not-found`, `forbidden`. */
    remove: (caller: Caller, id: number): Promise<void> =>
      inTransaction(db, async ({ db: trx }) => {
        const before = await found(trx, caller, id);
        await createNotificationTargetStore(trx).remove(id);
        await tell(trx, caller, 'delete', before, null);
      }),

    /** A new secret of a webhook, shown this once; the old one signs as well for a day. Throws `not-found`, `forbidden`. */
    replaceSecret: (caller: Caller, id: number): Promise<string> =>
      inTransaction(db, async ({ db: trx }) => {
        const { kind } = await found(trx, caller, id);
        if (kind !== 'webhook') throw notFound('webhook');
        const secret = newWebhookSecret();
        const sealed = seal.seal(secret, 'webhook-secret');
        await createNotificationTargetStore(trx).replaceSecret(id, sealed, secretOverlapHours);
        const after = { id, secret: 'replaced' };
        await createAuditStore(trx).add([
          auditEntry(caller, 'notification-target.replace-secret', { after }),
        ]);
        return secret;
      }),

    /** Tells it that this is a test. Answers the notification's id. Throws `not-found`, `forbidden`. */
    async test(caller: Caller, id: number): Promise<string> {
      await found(db, caller, id);
      return createNotificationStore(db).addTest(id);
    },

    /** What was told to a target, or waits, or was given up. Throws `not-found`, `forbidden`. */
    async listOf(
      caller: Caller,
      filter: NotificationFilter,
      page: PageRequest<string>,
    ): Promise<Page<Notification>> {
      await found(db, caller, filter.targetId);
      return createNotificationStore(db).list(filter, page);
    },

    /** One that was given up. Throws `not-found`, `forbidden`, `not-replayable`. */
    async retry(caller: Caller, id: string): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        const notifications = createNotificationStore(trx);
        const notification = await notifications.find(id);
        if (notification === null) throw notFound('notification');
        const target = await found(trx, caller, notification.targetId, 'notification');
        if (!(await notifications.retry(id))) throw notReplayable('It has not been given up.');
        const after = { id, event: notification.event, address: target.address };
        await createAuditStore(trx).add([auditEntry(caller, 'notification.retry', { after })]);
      });
    },
  };
}

/** What one may not see is not there, whatever one's role. `what`: what was asked for. */
async function found(
  db: Db,
  caller: Caller,
  id: number,
  what = 'notification target',
): Promise<NotificationTarget> {
  const target = await createNotificationTargetStore(db).find(caller.accounts, id);
  if (target === null) throw notFound(what);
  needEditor(caller);
  return target;
}

async function needAccount(db: Db, caller: Caller, accountId: number | null): Promise<void> {
  if (accountId === null) {
    if (caller.accounts !== 'all') throw forbidden();
    return;
  }
  const isThere = (await createAccountStore(db).existing([accountId])).length === 1;
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

/** One address, without a name: what stands on either side of the sign is the mail server's affair. */
const isMail = /^[^\s<>@,;:"()[\]\\]+@[^\s<>@,;:"()[\]\\]+$/;

async function tell(
  db: Db,
  caller: Caller,
  verb: 'create' | 'update' | 'delete',
  before: NotificationTarget | null,
  after: NotificationTarget | null,
): Promise<void> {
  const deed = { before: before && toldOf(before), after: after && toldOf(after) };
  await createAuditStore(db).add([auditEntry(caller, `notification-target.${verb}`, deed)]);
}

/** What someone decides about a target; not what becomes of its notifications. */
const toldOf = ({ late: _late, parked: _parked, revision: _revision, ...target }: NotificationTarget) =>
  target;
