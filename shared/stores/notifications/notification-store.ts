import type { Reason } from '../../domain/reason';
import { reasonColumns, storedReason } from '../../formats/stored-reason';
import type { Db } from '../../db/database';
import type {
  MailLanguage,
  NotificationEvent,
  NotificationState,
  NotificationType,
  TargetKind,
} from '../../domain/notification';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** One event for one target, as it is listed. */
export interface Notification {
  readonly id: string;
  readonly targetId: number;
  readonly event: NotificationType;
  /** Null: of a test. */
  readonly solutionId: number | null;
  readonly occurredAt: Date;
  readonly state: NotificationState;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it is tried next; null: it is not. */
  readonly dueAt: Date | null;
  /** Why the last attempt failed. */
  readonly lastError: string | null;
  /** The same, to be told in any language. Null: the words are a mail server’s, or an earlier version kept them. */
  readonly why: Reason | null;
  readonly deliveredAt: Date | null;
}

/** One that this process is to deliver now, with what is told, and whom. */
export interface ClaimedNotification {
  readonly id: string;
  readonly event: NotificationType;
  readonly occurredAt: Date;
  readonly facts: Readonly<Record<string, unknown>>;
  /** This attempt included. */
  readonly attempts: number;
  /** Null: of a test. */
  readonly solution: NotifiedSolution | null;
  readonly target: ClaimedTarget;
}

export interface NotifiedSolution {
  readonly id: number;
  readonly name: string;
  readonly mail: string;
  readonly timezone: string;
  readonly accountId: number;
  readonly accountName: string;
}

export interface ClaimedTarget {
  readonly id: number;
  readonly kind: TargetKind;
  readonly address: string;
  readonly language: MailLanguage;
  /** The events about which the target is notified. */
  readonly events: readonly NotificationEvent[];
  /** Null: of what happens in every account. */
  readonly accountName: string | null;
  /**
   * The secrets that sign the calls of a webhook: the present one, and also the earlier one while it is being replaced.
   * Empty for an e-mail address.
   */
  readonly secrets: readonly string[];
}

export interface NotificationFilter {
  readonly targetId: number;
  readonly state: NotificationState | null;
}

interface Row {
  id: string;
  target_id: number;
  event: NotificationType;
  solution_id: number | null;
  occurred_at: Date;
  state: NotificationState;
  attempts: number;
  due_at: Date;
  last_error: string | null;
  reason_code: string | null;
  reason_values: unknown;
  delivered_at: Date | null;
}

interface ClaimRow {
  id: string;
  event: NotificationType;
  occurred_at: Date;
  facts: Record<string, unknown>;
  attempts: number;
  target_id: number;
  kind: TargetKind;
  address: string;
  language: MailLanguage;
  target_events: NotificationEvent[];
  target_account_name: string | null;
  secrets: string[];
  solution_id: number | null;
  solution_name: string;
  solution_mail: string;
  timezone: string;
  account_id: number;
  account_name: string;
}

const columns =
  'id, target_id, event, solution_id, occurred_at, state, attempts, due_at, last_error, reason_code, reason_values, delivered_at';

export type NotificationStore = ReturnType<typeof createNotificationStore>;

/** The outbox of notifications. Most rows are written by triggers, in the transaction of what they tell. */
export function createNotificationStore(db: Db) {
  return {
    /**
     * For every target that wants to know: the solutions without a finished sync for its number of hours, each once
     * until it finishes another. Those that were never heard of count from their enrolment; blocked ones do not.
     * Returns how many.
     */
    async addStale(): Promise<number> {
      const result = await db.raw<{ rowCount: number }>(
        `insert into notification (target_id, event, event_key, solution_id, occurred_at, facts)
         select t.id, 'solution-stale', concat_ws(':', 'solution-stale', s.id, extract(epoch from last.at)), s.id,
           last.at + make_interval(hours => t.stale_hours),
           jsonb_build_object('hours', t.stale_hours, 'lastSyncAt', last.finished_at)
         from notification_target t
         join solution s on t.account_id is null or t.account_id = s.account_id
         cross join lateral (
           select max(c.finished_at) as finished_at, coalesce(max(c.finished_at), s.created_at) as at
           from channel_status c where c.solution_id = s.id
         ) as last
         where 'solution-stale' = any (t.events) and t.paused_at is null and t.confirmed_at is not null
           and s.blocked_at is null
           and last.at < now() - make_interval(hours => t.stale_hours)
         on conflict (target_id, event_key) do nothing`,
      );
      return result.rowCount;
    },

    /** Running pairs whose work has been due for so many minutes, once a day. */
    async addStalePairs(minutes: number): Promise<void> {
      await db.raw(
        `select notify_targets_of_pair('pair-stale', p.id, concat_ws(':', 'pair-stale', p.id, current_date), now(),
           jsonb_build_object('pair', p.name, 'minutes', floor(extract(epoch from now() - oldest.at) / 60)))
         from pair p cross join lateral (
           select min(greatest(j.created_at, j.run_after)) as at from link_job j
           where j.pair_id = p.id and j.state in ('new', 'running', 'failed') and j.run_after <= now()
         ) as oldest
         where p.mode = 'run' and oldest.at < now() - make_interval(mins => :minutes)`,
        { minutes },
      );
    },

    /** Adds a notification that someone requested, a new one each time. Returns its id. */
    async addAsked(targetId: number, event: 'test' | 'confirm-address'): Promise<string> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `insert into notification (target_id, event, event_key, occurred_at, facts)
         values (:targetId, :event, cast(:event as text) || ':' || gen_random_uuid(), now(), '{}') returning id`,
        { targetId, event },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into notification returned no row');
      return row.id;
    },

    /**
     * Takes what is due, at most so many of each target, the oldest first: no other process gets them before the lease ends.
     * To an address that is not confirmed nothing goes but the question.
     */
    async claim(perTarget: number, leaseSeconds: number): Promise<ClaimedNotification[]> {
      const result = await db.raw<{ rows: ClaimRow[] }>(
        `with due as (
           select picked.id from notification_target t cross join lateral (
             select n.id from notification n
             where n.target_id = t.id and n.state = 'waiting' and n.due_at <= now()
               and (n.event = 'confirm-address') = (t.confirmed_at is null)
             order by n.due_at limit :perTarget for update skip locked
           ) as picked where t.paused_at is null
         ), claimed as (
           update notification n set attempts = n.attempts + 1,
             due_at = now() + make_interval(secs => :leaseSeconds)
           from due where n.id = due.id returning n.*
         )
         select n.id, n.event, n.occurred_at, n.facts, n.attempts,
           t.id as target_id, t.kind, t.address, t.language, t.events as target_events, ta.name as target_account_name,
           array_remove(array[t.secret, case when t.previous_secret_until > now() then t.previous_secret end], null) as secrets,
           s.id as solution_id, s.name as solution_name, s.mail as solution_mail, s.timezone,
           a.id as account_id, a.name as account_name
         from claimed n join notification_target t on t.id = n.target_id
         left join solution s on s.id = n.solution_id left join account a on a.id = s.account_id
         left join account ta on ta.id = t.account_id
         order by n.target_id, n.created_at`,
        { perTarget, leaseSeconds },
      );
      return result.rows.map(claimedFrom);
    },

    async markDelivered(claimed: readonly Claim[]): Promise<void> {
      await setClaimed(
        claimed,
        `state = 'delivered', delivered_at = clock_timestamp(), last_error = null, reason_code = null, reason_values = null`,
        {},
      );
    },

    async retryLater(claimed: readonly Claim[], failure: Failure, delaySeconds: number): Promise<void> {
      const due = `due_at = now() + make_interval(secs => :delaySeconds), ${setFailure}`;
      await setClaimed(claimed, due, { ...columnsOf(failure), delaySeconds });
    },

    async park(claimed: readonly Claim[], failure: Failure): Promise<void> {
      await setClaimed(claimed, `state = 'parked', ${setFailure}`, columnsOf(failure));
    },

    /** Postpones notifications without counting an attempt. */
    async postpone(claimed: readonly Claim[], delaySeconds: number): Promise<void> {
      const due = 'due_at = now() + make_interval(secs => :delaySeconds), attempts = n.attempts - 1';
      await setClaimed(claimed, due, { delaySeconds });
    },

    /** The newest first. */
    async list(
      filter: NotificationFilter,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<Notification>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from notification n
         where target_id = :targetId and (cast(:state as text) is null or state = :state)
           and (cast(:after as uuid) is null or (created_at, id) <
             (select p.created_at, p.id from notification p where p.id = cast(:after as uuid)))
         order by created_at desc, id desc limit :rows`,
        { ...filter, after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(notificationFrom), limit, (last) => last.id);
    },

    async find(id: string): Promise<Notification | null> {
      const result = await db.raw<{ rows: Row[] }>(`select ${columns} from notification where id = ?`, [id]);
      const row = result.rows[0];
      return row === undefined ? null : notificationFrom(row);
    },

    /** A parked one is tried again, at once. False: it is not parked. */
    async retry(id: string): Promise<boolean> {
      const changed = await db('notification')
        .where({ id, state: 'parked' })
        .update({ state: 'waiting', attempts: 0, due_at: db.fn.now() });
      return changed === 1;
    },

    /** Removes delivered notifications after a while, and parked ones after a longer time. */
    async removeOld(deliveredDays: number, parkedDays: number): Promise<number> {
      const result = await db.raw<{ rowCount: number }>(
        `delete from notification where state = 'delivered' and delivered_at < now() - make_interval(days => :deliveredDays)
           or state = 'parked' and due_at < now() - make_interval(days => :parkedDays)`,
        { deliveredDays, parkedDays },
      );
      return result.rowCount;
    },
  };

  /** Changes nothing if the lease has ended and another process has claimed the notification. */
  async function setClaimed(
    claimed: readonly Claim[],
    change: string,
    bindings: Readonly<Record<string, string | number | null>>,
  ): Promise<void> {
    await db.raw(
      `update notification n set ${change}
       from jsonb_to_recordset(cast(:claimed as jsonb)) as c (id uuid, attempts int)
       where n.id = c.id and n.attempts = c.attempts and n.state = 'waiting'`,
      { claimed: JSON.stringify(claimed.map(({ id, attempts }) => ({ id, attempts }))), ...bindings },
    );
  }
}

/** Why a notification did not arrive. */
export interface Failure {
  /** A sentence in English, or a mail server’s words. */
  readonly reason: string;
  /** The same, to be told in any language; null: the words are a mail server’s. */
  readonly why: Reason | null;
}

const setFailure =
  'last_error = :reason, reason_code = :reason_code, reason_values = cast(:reason_values as jsonb)';

const columnsOf = ({ reason, why }: Failure) => ({ reason, ...reasonColumns(why) });

type Claim = Pick<ClaimedNotification, 'id' | 'attempts'>;

const notificationFrom = (row: Row): Notification => ({
  id: row.id,
  targetId: row.target_id,
  event: row.event,
  solutionId: row.solution_id,
  occurredAt: row.occurred_at,
  state: row.state,
  attempts: row.attempts,
  dueAt: row.state === 'waiting' ? row.due_at : null,
  lastError: row.last_error,
  why: storedReason(row.reason_code, row.reason_values),
  deliveredAt: row.delivered_at,
});

const claimedFrom = (row: ClaimRow): ClaimedNotification => ({
  id: row.id,
  event: row.event,
  occurredAt: row.occurred_at,
  facts: row.facts,
  attempts: row.attempts,
  solution:
    row.solution_id === null
      ? null
      : {
          id: row.solution_id,
          name: row.solution_name,
          mail: row.solution_mail,
          timezone: row.timezone,
          accountId: row.account_id,
          accountName: row.account_name,
        },
  target: {
    id: row.target_id,
    kind: row.kind,
    address: row.address,
    language: row.language,
    events: row.target_events,
    accountName: row.target_account_name,
    secrets: row.secrets,
  },
});
