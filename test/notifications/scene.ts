import type { Reason } from '../../shared/domain/reason';
import { reasonColumns } from '../../shared/formats/stored-reason';
import type { Seal } from '../../shared/seal/seal';
import { noSeal } from '../setup/no-seal';
import { randomUUID } from 'node:crypto';
import type { Db } from '../../shared/db/database';
import type { NotificationEvent } from '../../shared/domain/notification';
import { newWebhookSecret } from '../../shared/secrets';
import {
  createNotificationTargetStore,
  type NewTarget,
} from '../../shared/stores/notifications/notification-target-store';
import type { WebhookLimits } from '../../worker/notifications/call-webhook';
import { deliverNotifications } from '../../worker/notifications/deliver';
import type { Mailer } from '../../worker/notifications/send-mail';

export interface TestAccount {
  readonly accountId: number;
  readonly solutionId: number;
  readonly name: string;
}

/** An account with a solution in it, which has never synchronised. */
export async function newAccount(db: Db): Promise<TestAccount> {
  const name = randomUUID();
  const result = await db.raw<{ rows: { account_id: number; id: number }[] }>(
    `with a as (insert into account (name) values (:name) returning id),
       s as (insert into solution (account_id, mail, name, secret_hash)
         select id, :name || '@example.org', 'Kitchen of ' || :name, 'x' from a returning id, account_id),
       c as (insert into channel_status (solution_id, channel)
         select id, unnest(array['synchro', 'sondes', 'messagerie', 'photos']) from s)
     select account_id, id from s`,
    { name },
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('no solution');
  return { accountId: row.account_id, solutionId: row.id, name };
}

export const allEvents: readonly NotificationEvent[] = [
  'sync-failed',
  'solution-stale',
  'approval-waiting',
  'probe-alert',
];

export function newTarget(db: Db, particulars: Partial<NewTarget>): Promise<number> {
  return createNotificationTargetStore(db).insert({
    accountId: null,
    kind: 'webhook',
    address: 'https://hooks.example/epack',
    events: allEvents,
    staleHours: 24,
    language: 'en',
    secret: particulars.kind === 'email' ? null : newWebhookSecret(),
    isConfirmed: true,
    ...particulars,
  });
}

/** A sync that waits for a worker. */
export async function newQueuedSync(db: Db, solutionId: number): Promise<string> {
  const id = randomUUID();
  await db('sync').insert({
    id,
    solution_id: solutionId,
    channel: 'synchro',
    state: 'queued',
    package_key: 'p',
  });
  return id;
}

/** `why` null: as a version before reasons had codes left it. */
export async function fail(db: Db, syncId: string, why: Reason | null = null): Promise<void> {
  const report = JSON.stringify({ outcome: 'failed', reason: 'It could not be processed in 5 attempts.' });
  await db('sync')
    .where({ id: syncId })
    .update({ state: 'failed', report, ...reasonColumns(why) });
}

export interface OutboxRow {
  readonly event: string;
  readonly target_id: number;
  readonly state: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly facts: Record<string, unknown>;
}

export const outboxOf = (db: Db, targetId: number): Promise<OutboxRow[]> =>
  db<OutboxRow>('notification')
    .where({ target_id: targetId })
    .orderBy('created_at')
    .select('event', 'target_id', 'state', 'attempts', 'last_error', 'facts');

/** Makes every notification due that waits for its next attempt. */
export async function makeAllDue(db: Db): Promise<void> {
  await db('notification').where({ state: 'waiting' }).update({ due_at: db.fn.now() });
}

export interface DeliverOptions {
  readonly webhooks?: Partial<WebhookLimits>;
  readonly sendMail?: Mailer | null;
  readonly publicUrl?: string | null;
  readonly seal?: Seal;
  /** Gets why nothing was delivered, as the operator's log does. */
  readonly reasons?: string[];
}

/** One round of a worker. This machine may be called, by its first address only. */
export const deliver = (
  db: Db,
  { webhooks, sendMail = null, publicUrl = null, seal = noSeal, reasons = [] }: DeliverOptions = {},
) => {
  const note = ({ reason }: { readonly reason?: string }) => reasons.push(reason ?? '');
  return deliverNotifications({
    db,
    sendMail,
    publicUrl,
    seal,
    webhooks: { allowsHttp: true, allowedNetworks: ['127.0.0.1'], timeoutMilliseconds: 5_000, ...webhooks },
    log: { warn: note, error: note },
  });
};
