import type { Db } from '../../shared/db/database';
import { backoffMs } from '../../shared/domain/backoff';
import type { Seal } from '../../shared/seal/seal';
import type { Logger } from '../../shared/log';
import {
  type ClaimedNotification,
  type ClaimedTarget,
  createNotificationStore,
  type Failure,
  type NotificationStore,
} from '../../shared/stores/notifications/notification-store';
import type { Reason } from '../../shared/domain/reason';
import { because, reasonText } from '../../shared/domain/reason-english';
import { confirmationHours } from '../../shared/domain/notification';
import { hashSessionToken, newSessionToken } from '../../shared/secrets';
import { createAddressConfirmationStore } from '../../shared/stores/notifications/address-confirmation-store';
import { callWebhook, WebhookFailure, type WebhookLimits } from './call-webhook';
import { confirmationLetter } from './confirmation-letter';
import { letterOf, webhookBody } from './letter';
import { type Mailer, MailServerAway } from './send-mail';

interface Deps {
  readonly db: Db;
  /** Null: no mail server is configured. */
  readonly sendMail: Mailer | null;
  readonly webhooks: WebhookLimits;
  /** Of the secrets of webhooks. */
  readonly seal: Pick<Seal, 'open'>;
  /** Null: no link is given. */
  readonly publicUrl: string | null;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

const perTarget = 50;
/** Longer than a process may work on what it has claimed. */
const leaseSeconds = 60;
/** What has not begun by then is left for the next run. */
const workMilliseconds = 10_000;
/** So many at once. */
const mostTargetsAtOnce = 8;

/** Half a minute, doubled up to six hours: the last attempt comes about a day after the first. */
const backoff = { firstMs: 30_000, maxMs: 6 * 3_600_000 };
export const mostAttempts = 13;

/**
 * Delivers what is due. A target that fails gets nothing more in this run, so that all its notifications wait together.
 * Returns how many were delivered.
 */
export async function deliverNotifications(deps: Deps): Promise<number> {
  const notifications = createNotificationStore(deps.db);
  const claimed = await notifications.claim(perTarget, leaseSeconds);
  const waiting = byTarget(claimed);
  const until = Date.now() + workMilliseconds;
  let delivered = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      delivered += await deliverTo(deps, notifications, next, until);
    }
  };
  await Promise.all(Array.from({ length: mostTargetsAtOnce }, work));
  return delivered;
}

function byTarget(claimed: readonly ClaimedNotification[]): ClaimedNotification[][] {
  const groups = new Map<number, ClaimedNotification[]>();
  for (const one of claimed) groups.set(one.target.id, [...(groups.get(one.target.id) ?? []), one]);
  return [...groups.values()];
}

/** All are of one target. */
async function deliverTo(
  deps: Deps,
  notifications: NotificationStore,
  claimed: readonly ClaimedNotification[],
  until: number,
): Promise<number> {
  const [first] = claimed;
  if (first === undefined) return 0;
  let delivered = 0;
  for (const parcel of parcelsOf(claimed, first.target)) {
    if (Date.now() > until) {
      await notifications.postpone(parcel, 0);
      continue;
    }
    try {
      await send(deps, parcel, first.target);
    } catch (error) {
      const untried = claimed.slice(delivered + parcel.length);
      await takeBack(deps, notifications, { tried: parcel, untried }, error);
      return delivered;
    }
    await notifications.markDelivered(parcel);
    delivered += parcel.length;
  }
  return delivered;
}

/** What is sent together: all notifications in one mail, but each one in a webhook call of its own. */
const parcelsOf = (claimed: readonly ClaimedNotification[], { kind }: ClaimedTarget) =>
  kind === 'email' ? [claimed] : claimed.map((one) => [one]);

async function send(
  deps: Deps,
  parcel: readonly ClaimedNotification[],
  target: ClaimedTarget,
): Promise<void> {
  const { webhooks, seal, publicUrl } = deps;
  const { kind, address, language, secrets } = target;
  const [first] = parcel;
  if (first === undefined) return;
  switch (kind) {
    case 'webhook':
      return callWebhook(
        {
          url: address,
          id: first.id,
          body: webhookBody(first, publicUrl),
          secrets: secrets.map((secret) => seal.open(secret, 'webhook-secret')),
        },
        webhooks,
      );
    case 'email':
      if (deps.sendMail === null) throw new NoMailServer();
      return deps.sendMail({
        to: address,
        id: first.id,
        ...(first.event === 'confirm-address'
          ? confirmationLetter(target, await newConfirmation(deps.db, target), publicUrl)
          : letterOf(parcel, language, publicUrl)),
      });
  }
}

/** What the link in the mail is worth. Made at the moment at which it goes out: nobody can read it in the database. */
async function newConfirmation(db: Db, { id, address }: ClaimedTarget): Promise<string> {
  const token = newSessionToken();
  const question = { targetId: id, address };
  await createAddressConfirmationStore(db).add(hashSessionToken(token), question, confirmationHours);
  return token;
}

interface Left {
  readonly tried: readonly ClaimedNotification[];
  readonly untried: readonly ClaimedNotification[];
}

/** Notifications that were not tried get the delay of the others, and their attempt does not count. */
async function takeBack(
  { log }: Deps,
  notifications: NotificationStore,
  { tried, untried }: Left,
  error: unknown,
): Promise<void> {
  const [first] = tried;
  if (first === undefined) return;
  const told = failureForUsers(error);
  const delaySeconds = backoffMs(first.attempts, backoff) / 1000;
  const isLast = (one: ClaimedNotification) =>
    one.attempts >= mostAttempts || (error instanceof WebhookFailure && error.isGone);
  const parked = tried.filter(isLast);
  if (parked.length > 0) await notifications.park(parked, told);
  const again = tried.filter((one) => !isLast(one));
  if (again.length > 0) await notifications.retryLater(again, told, delaySeconds);
  if (untried.length > 0) await notifications.postpone(untried, delaySeconds);
  const fields = {
    targetId: first.target.id,
    notifications: tried.map(({ id }) => id),
    reason: reasonOf(error),
  };
  if (parked.length > 0) log.error(fields, 'notifications given up');
  else log.warn(fields, 'notifications not delivered');
}

/** For the log of the operator. */
const reasonOf = (error: unknown): string => {
  if (error instanceof WebhookFailure) return error.reason;
  return (error instanceof Error ? error.message : 'It failed.').replaceAll('\0', '').slice(0, 500);
};

/** The text for users. The answer of a mail server helps them, but its address in our network must not be shown. */
const failureForUsers = (error: unknown): Failure => {
  if (error instanceof WebhookFailure) return because(error.why);
  if (error instanceof MailServerAway) return because({ code: 'mail-server-unreachable', values: {} });
  if (error instanceof NoMailServer) return because(noMailServer);
  return { reason: reasonOf(error), why: null };
};

const noMailServer: Reason = { code: 'no-mail-server', values: {} };

class NoMailServer extends Error {
  constructor() {
    super(reasonText(noMailServer));
  }
}
