import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { MailLanguage, NotificationEvent, TargetKind } from '../../domain/notification';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import { revisionOf } from '../../formats/revision';

/** Someone, or some program, who is told. Without its secret. */
export interface NotificationTarget {
  readonly id: number;
  /** Null: what happens in every account. */
  readonly accountId: number | null;
  readonly kind: TargetKind;
  /** An e-mail address, or a URL. */
  readonly address: string;
  readonly events: readonly NotificationEvent[];
  /** For `solution-stale`: after so many hours without a finished sync. */
  readonly staleHours: number;
  readonly language: MailLanguage;
  readonly isPaused: boolean;
  /** Each change by a person gives a new revision; results of its notifications do not. */
  readonly revision: string;
  /** How many notifications failed and are tried again, and how many are tried no more. */
  readonly late: number;
  readonly parked: number;
  /** From when on notifications go there. Null: the owner of the address has not said yes. */
  readonly confirmedAt: Date | null;
  readonly createdAt: Date;
}

export interface NewTarget {
  /** Null: notifications of every account; only for admins. */
  readonly accountId: number | null;
  readonly kind: TargetKind;
  /** An e-mail address, or a URL. */
  readonly address: string;
  readonly events: readonly NotificationEvent[];
  readonly staleHours: number;
  readonly language: MailLanguage;
  /** The secret of a webhook. Null: the target is an e-mail address. */
  readonly secret: string | null;
  /** False: an e-mail address whose owner is still to be asked. */
  readonly isConfirmed: boolean;
}

/** Absent members stay as they are. */
export interface TargetChanges {
  readonly address?: string | undefined;
  readonly events?: readonly NotificationEvent[] | undefined;
  readonly staleHours?: number | undefined;
  readonly language?: MailLanguage | undefined;
  readonly isPaused?: boolean | undefined;
}

interface Row {
  id: number;
  account_id: number | null;
  kind: TargetKind;
  address: string;
  events: NotificationEvent[];
  stale_hours: number;
  language: MailLanguage;
  paused_at: Date | null;
  late: number;
  parked: number;
  confirmed_at: Date | null;
  created_at: Date;
}

const select = `
  select t.id, t.account_id, t.kind, t.address, t.events, t.stale_hours, t.language, t.paused_at, t.confirmed_at, t.created_at,
    (select count(*)::int from notification n where n.target_id = t.id and n.state = 'waiting' and n.last_error is not null) as late,
    (select count(*)::int from notification n where n.target_id = t.id and n.state = 'parked') as parked
  from notification_target t`;

/** Targets for every account are only visible to users who see all accounts. */
const visible = `(cast(:accounts as int[]) is null or t.account_id = any (:accounts))`;

export type NotificationTargetStore = ReturnType<typeof createNotificationTargetStore>;

export function createNotificationTargetStore(db: Db) {
  return {
    /** `accountId` null: those of all accounts that may be seen. */
    async list(
      accounts: AccountScope,
      accountId: number | null,
      { limit, after }: PageRequest<number>,
    ): Promise<Page<NotificationTarget>> {
      const result = await db.raw<{ rows: Row[] }>(
        `${select} where ${visible} and (cast(:accountId as int) is null or t.account_id = :accountId) and t.id > :after
         order by t.id limit :rows`,
        { accounts: idsOf(accounts), accountId, after: after ?? 0, rows: limit + 1 },
      );
      return pageOf(result.rows.map(targetFrom), limit, (last) => String(last.id));
    },

    /** Null: there is none, or it may not be seen. */
    async find(accounts: AccountScope, id: number): Promise<NotificationTarget | null> {
      const result = await db.raw<{ rows: Row[] }>(`${select} where ${visible} and t.id = :id`, {
        accounts: idsOf(accounts),
        id,
      });
      const row = result.rows[0];
      return row === undefined ? null : targetFrom(row);
    },

    /** Nobody else changes it before the transaction ends. */
    async lock(id: number): Promise<void> {
      await db.raw('select from notification_target where id = ? for update', [id]);
    },

    async insert(target: NewTarget): Promise<number> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `insert into notification_target (account_id, kind, address, events, stale_hours, language, secret, confirmed_at)
         values (:accountId, :kind, :address, :events, :staleHours, :language, :secret,
           case when :isConfirmed then now() end) returning id`,
        { ...target, events: [...target.events] },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into notification_target returned no row');
      return row.id;
    },

    /** Another e-mail address is to be confirmed. */
    async update(
      id: number,
      { address, events, staleHours, language, isPaused }: TargetChanges,
    ): Promise<void> {
      await db.raw(
        `update notification_target set
           address = coalesce(:address, address),
           confirmed_at = case when kind = 'email' and address <> :address then null else confirmed_at end,
           events = coalesce(cast(:events as text[]), events),
           stale_hours = coalesce(:staleHours, stale_hours),
           language = coalesce(:language, language),
           paused_at = case cast(:isPaused as boolean)
             when true then coalesce(paused_at, now()) when false then null else paused_at end
         where id = :id`,
        {
          id,
          address: address ?? null,
          events: events === undefined ? null : [...events],
          staleHours: staleHours ?? null,
          language: language ?? null,
          isPaused: isPaused ?? null,
        },
      );
    },

    /** The secret of before signs as well, for so many hours. */
    async replaceSecret(id: number, secret: string, overlapHours: number): Promise<void> {
      await db('notification_target')
        .where({ id, kind: 'webhook' })
        .update({
          previous_secret: db.ref('secret'),
          previous_secret_until: db.raw('now() + make_interval(hours => ?)', [overlapHours]),
          secret,
        });
    },

    async remove(id: number): Promise<void> {
      await db('notification_target').where({ id }).delete();
    },
  };
}

function targetFrom(row: Row): NotificationTarget {
  const decided = {
    id: row.id,
    accountId: row.account_id,
    kind: row.kind,
    address: row.address,
    events: row.events,
    staleHours: row.stale_hours,
    language: row.language,
    isPaused: row.paused_at !== null,
  };
  return {
    ...decided,
    revision: revisionOf(decided),
    late: row.late,
    parked: row.parked,
    confirmedAt: row.confirmed_at,
    createdAt: row.created_at,
  };
}
