import type { Db } from '../../db/database';
import { type FailedInstruction, maxFailures } from '../../domain/failed-instruction';
import type { ResultOperator, Verdict } from '../../domain/lab-result';
import type { JudgedResult, MessageKind, NewMessage } from '../../domain/message';
import type { ProbeAlertKind } from '../../domain/probe-alert';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** A message from the manager to a solution, with its receipt. */
export interface Message extends NewMessage {
  /** Below zero, as in the protocol. */
  readonly id: string;
  readonly sentAt: Date;
  /** When the solution confirmed the message. */
  readonly deliveredAt: Date | null;
  /** By the solution's clock. */
  readonly readAt: Date | null;
  /** In a row. */
  readonly failures: number;
  readonly failureReason: string | null;
  /** True: the delivery failed too often, and no package contains the message any more. */
  readonly isParked: boolean;
  /** The digest that tells it in its place; null: it is told by itself. */
  readonly digestId: string | null;
  /** How many alerts a digest contains. */
  readonly digestOf: number | null;
}

/** An alert that waits for a digest. `probeId` null: its message is from before alerts were kept with it. */
export interface WaitingAlert {
  readonly kind: ProbeAlertKind;
  readonly probeId: string | null;
  readonly fridgeName: string | null;
  readonly limit: number | null;
  readonly worst: number | null;
  readonly since: Date;
  readonly closedAt: Date | null;
  /** The time zone of the kitchen. */
  readonly timezone: string;
  /** The subject of the last message about it. */
  readonly subject: string;
  readonly body: string;
}

/** The alerts of the probe messages that a package is to tell. */
export interface WaitingAlerts {
  readonly listed: readonly WaitingAlert[];
  readonly alerts: number;
  readonly alertsGoingOn: number;
}

/** The messages that a package must contain. */
export interface SentMessage {
  readonly count: number;
  /** How many of these are messages about probes that are in no digest yet. */
  readonly probeMessages: number;
  readonly hasResults: boolean;
  /** The sync is the first one since staff made the solution forget its device: it has another one now. */
  readonly isNewDevice: boolean;
}

/** The receipt that a solution sends for a message. */
export interface Receipt {
  /** The id of the message. */
  readonly id: string;
  /** The subject of the message according to the row. Null: the row has none. */
  readonly subject: string | null;
  readonly body: string | null;
  readonly sentAt: Date | null;
  /** Null: nobody has read it yet. */
  readonly readAt: Date | null;
}

/** A message to a solution about an alert of a probe. */
export interface AlertMessage {
  readonly solutionId: number;
  readonly alertId: string;
  readonly subject: string;
  readonly body: string;
  /** The time of the reading that raised or ended the alert. */
  readonly at: Date;
  readonly isOver: boolean;
}

export type MessageStore = ReturnType<typeof createMessageStore>;

/**
 * The messages of the manager on `messagerie`. They are stored until they are delivered, and after that with their
 * receipts.
 */
export function createMessageStore(db: Db) {
  /** A receipt of a digest is one of all that it tells. */
  async function receiveDigests(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await db.raw(
      `update manager_message m set read_at = coalesce(m.read_at, digest.read_at),
         delivered_at = coalesce(m.delivered_at, digest.delivered_at)
       from manager_message digest where m.digest_id = digest.id and digest.id = any(cast(? as bigint[]))`,
      [[...ids]],
    );
  }

  return {
    /** Messages that alerts about probes raise, of whatever solutions, in the order given. */
    async addAlerts(messages: readonly AlertMessage[]): Promise<void> {
      const rows = messages.map((message, place) => ({ ...message, place }));
      await db.raw(
        `insert into manager_message (solution_id, kind, sender, subject, body, measured_at, is_conform, alert_id)
         select "solutionId", 'probe-alert', 'ePack', subject, body, at, "isOver", "alertId"
         from jsonb_to_recordset(cast(? as jsonb)) as message (place int, "solutionId" int, "alertId" bigint,
           subject text, body text, at timestamptz, "isOver" boolean)
         order by place`,
        [JSON.stringify(rows)],
      );
    },

    /** In the order given. */
    async add(solutionId: number, messages: readonly NewMessage[]): Promise<Message[]> {
      const result = await db.raw<{ rows: Row[] }>(
        `insert into manager_message (solution_id, ${given})
         select :solutionId, ${given}
         from jsonb_to_recordset(cast(:rows as jsonb)) as message (place int, kind text, sender text, subject text,
           body text, measured_at timestamptz, is_conform boolean, sample text, germ text, operator text,
           value double precision, unit text, limit_satisfactory double precision,
           limit_acceptable double precision, verdict text)
         order by place returning ${columns}`,
        { solutionId, rows: JSON.stringify(messages.map(rowOf)) },
      );
      return result.rows.map(messageFrom).sort((one, other) => Number(other.id) - Number(one.id));
    },

    /** The newest first. */
    async list(solutionId: number, { limit, after }: PageRequest<string>): Promise<Page<Message>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from manager_message
         where solution_id = :solutionId and (cast(:after as bigint) is null or id > :after)
         order by id limit :rows`,
        { solutionId, after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(messageFrom), limit, (last) => last.id);
    },

    /**
     * Marks the messages for this sync's package: those that are not confirmed yet and have not failed too often, or
     * all of them if the package contains everything. A message in a digest is not sent separately.
     */
    async markTold(
      solutionId: number,
      syncId: string,
      { parkedToo }: { readonly parkedToo: boolean },
    ): Promise<SentMessage> {
      const result = await db.raw<{ rows: SentMessage[] }>(
        `with told as (
           update manager_message set told_in = :syncId
           where solution_id = :solutionId and delivered_at is null and digest_id is null
             and (failures < :maxFailures or :parkedToo)
           returning kind, digest_of
         )
         select cast(count(*) as int) as count,
           cast(count(*) filter (where kind = 'probe-alert' and digest_of is null) as int) as "probeMessages",
           coalesce(bool_or(kind = 'analysis'), false) as "hasResults",
           exists (select from solution s join sync y on y.solution_id = s.id
             where y.id = :syncId and s.old_device_left_at <= y.received_at) as "isNewDevice"
         from told`,
        { solutionId, syncId, maxFailures, parkedToo },
      );
      return result.rows[0] ?? { count: 0, probeMessages: 0, hasResults: false, isNewDevice: false };
    },

    /** The solution has another device than the one that took messages which nobody read: they are not delivered. */
    async forgetUnreadDeliveries(solutionId: number): Promise<void> {
      await db.raw(
        `update manager_message set delivered_at = null, failures = 0, failure_reason = null
         where solution_id = :solutionId and read_at is null and (delivered_at is not null or failures > 0)`,
        { solutionId },
      );
    },

    /** The alerts of the messages about probes for this sync: those that continue first, then the latest. */
    async waitingAlerts(solutionId: number, syncId: string, limit: number): Promise<WaitingAlerts> {
      const result = await db.raw<{ rows: (WaitingAlert & { total: number; going_on: number })[] }>(
        `with alert as (
           select distinct on (coalesce(a.id, m.id)) coalesce(a.kind, 'high') as kind, a.probe_id as "probeId",
             a.fridge_name as "fridgeName", a.limit_value as "limit", a.worst_value as worst,
             coalesce(a.since, m.measured_at, m.sent_at) as since, a.closed_at as "closedAt", s.timezone,
             m.subject, m.body, a.id is not null and a.closed_at is null as goes_on
           from manager_message m join solution s on s.id = m.solution_id left join probe_alert a on a.id = m.alert_id
           where m.solution_id = :solutionId and m.told_in = :syncId and ${isProbeMessage}
           order by coalesce(a.id, m.id), m.id
         )
         select *, cast(count(*) over () as int) as total,
           cast(count(*) filter (where goes_on) over () as int) as going_on
         from alert order by goes_on desc, since desc limit :limit`,
        { solutionId, syncId, limit },
      );
      const [first] = result.rows;
      return { listed: result.rows, alerts: first?.total ?? 0, alertsGoingOn: first?.going_on ?? 0 };
    },

    /** The messages about probes that this sync was to tell are told by this one. */
    async addDigest(
      { solutionId, syncId }: { readonly solutionId: number; readonly syncId: string },
      digest: { readonly subject: string; readonly body: string },
      { alerts, alertsGoingOn }: Pick<WaitingAlerts, 'alerts' | 'alertsGoingOn'>,
    ): Promise<void> {
      await db.raw(
        `with digest as (
           insert into manager_message (solution_id, kind, sender, subject, body, measured_at, is_conform, told_in, digest_of)
           select :solutionId, 'probe-alert', 'ePack', :subject, :body, max(m.measured_at), :isConform, :syncId, :alerts
           from manager_message m where m.solution_id = :solutionId and m.told_in = :syncId and ${isProbeMessage}
           returning id
         )
         update manager_message m set digest_id = digest.id, told_in = null
         from digest where m.solution_id = :solutionId and m.told_in = :syncId and ${isProbeMessage}`,
        { solutionId, syncId, ...digest, alerts, isConform: alertsGoingOn === 0 },
      );
    },

    async hasResults(solutionId: number): Promise<boolean> {
      const rows = await db('manager_message')
        .where({ solution_id: solutionId, kind: 'analysis' })
        .limit(1)
        .select(db.raw('1'));
      return rows.length > 0;
    },

    /** The oldest first, in pages. `toldIn` null: all of the solution's, except for what a digest tells. */
    async *pages(solutionId: number, toldIn: string | null): AsyncGenerator<readonly Message[]> {
      for (let before = '0'; ;) {
        const result = await db.raw<{ rows: Row[] }>(
          `select ${columns} from manager_message
           where solution_id = :solutionId and id < :before
             and case when cast(:toldIn as uuid) is null then digest_id is null else told_in = :toldIn end
           order by id desc limit :pageSize`,
          { solutionId, toldIn, before, pageSize },
        );
        const last = result.rows.at(-1);
        if (last === undefined) return;
        yield result.rows.map(messageFrom);
        before = last.id;
      }
    },

    /**
     * The solution has what the sync's package told, digests with what they tell, except for what failed. Again:
     * nothing happens.
     */
    async confirm(solutionId: number, syncId: string, failed: readonly FailedInstruction[]): Promise<void> {
      const ours = failed.filter(({ file }) => /^csv[\\/]tbmessagerie-[ir]\.csv$/i.test(file));
      await db.raw(
        `with answered as (
         update manager_message m set told_in = null,
           delivered_at = case when f.reason is null then coalesce(m.delivered_at, now()) else m.delivered_at end,
           failures = case when f.reason is null then 0 else m.failures + 1 end,
           failure_reason = f.reason
         from (
           select told.id, min(failed.reason) as reason
           from manager_message told left join jsonb_to_recordset(cast(:failed as jsonb)) as failed (id text, reason text)
             on failed.id in ('', cast(told.id as text))
           where told.solution_id = :solutionId and told.told_in = :syncId
           group by told.id
         ) f
         where m.id = f.id
         returning m.id, m.digest_of, m.delivered_at, m.failures, m.failure_reason
         )
         update manager_message m set delivered_at = coalesce(m.delivered_at, digest.delivered_at),
           failures = digest.failures, failure_reason = digest.failure_reason
         from answered digest where digest.digest_of is not null and m.digest_id = digest.id`,
        { solutionId, syncId, failed: JSON.stringify(ours) },
      );
    },

    /**
     * Takes receipts, each message once. A message that was read once stays read. A row of another message that bore
     * the same Id once (of a device that was restored, or of a server that was) is no receipt of it: blanks and line
     * breaks aside, what it says of subject, body and time must be the message's. Returns the ids of which there was a
     * receipt.
     */
    async receive(solutionId: number, receipts: readonly Receipt[]): Promise<ReadonlySet<string>> {
      const result = await db.raw<{ rows: { id: string; digest_of: number | null }[] }>(
        `update manager_message m
         set read_at = coalesce(m.read_at, receipt."readAt"), delivered_at = coalesce(m.delivered_at, now())
         from jsonb_to_recordset(cast(:rows as jsonb)) as receipt
           (id bigint, "readAt" timestamptz, subject text, body text, "sentAt" timestamptz)
         where m.solution_id = :solutionId and m.id = receipt.id
           and ${saysTheSame('subject')} and ${saysTheSame('body')}
           and (receipt."sentAt" is null or abs(extract(epoch from receipt."sentAt" - m.sent_at)) < 60)
         returning m.id, m.digest_of`,
        { solutionId, rows: JSON.stringify(receipts.map(receiptRow)).replaceAll('\\u0000', '') },
      );
      await receiveDigests(result.rows.filter(({ digest_of }) => digest_of !== null).map(({ id }) => id));
      return new Set(result.rows.map(({ id }) => id));
    },
  };
}

interface Row {
  id: string;
  kind: MessageKind;
  sender: string;
  subject: string;
  body: string;
  measured_at: Date | null;
  is_conform: boolean | null;
  sent_at: Date;
  delivered_at: Date | null;
  read_at: Date | null;
  failures: number;
  failure_reason: string | null;
  sample: string | null;
  germ: string | null;
  operator: ResultOperator | null;
  value: number | null;
  unit: string | null;
  limit_satisfactory: number | null;
  limit_acceptable: number | null;
  verdict: Verdict | null;
  digest_id: string | null;
  digest_of: number | null;
}

/** Of `m`. */
const isProbeMessage = `m.kind = 'probe-alert' and m.digest_of is null`;
const pageSize = 1_000;

const bare = (text: string) => `regexp_replace(${text}, '\\s', '', 'g')`;
const saysTheSame = (column: string) =>
  `(receipt.${column} is null or ${bare(`receipt.${column}`)} = ${bare(`m.${column}`)})`;

const given = `kind, sender, subject, body, measured_at, is_conform, sample, germ, operator, value, unit,
  limit_satisfactory, limit_acceptable, verdict`;
const columns = `id, ${given}, sent_at, delivered_at, read_at, failures, failure_reason, digest_id, digest_of`;

const receiptRow = ({ id, readAt, subject, body, sentAt }: Receipt) => ({
  id,
  readAt,
  subject,
  body,
  sentAt,
});

const rowOf = ({ result, measuredAt, isConform, ...message }: NewMessage, place: number) => ({
  ...message,
  place,
  measured_at: measuredAt,
  is_conform: isConform,
  sample: result?.sample,
  germ: result?.germ,
  operator: result?.operator,
  value: result?.value,
  unit: result?.unit,
  limit_satisfactory: result?.limitSatisfactory,
  limit_acceptable: result?.limitAcceptable,
  verdict: result?.verdict,
});

const messageFrom = (row: Row): Message => ({
  id: row.id,
  kind: row.kind,
  sender: row.sender,
  subject: row.subject,
  body: row.body,
  measuredAt: row.measured_at,
  isConform: row.is_conform,
  result: resultFrom(row),
  sentAt: row.sent_at,
  deliveredAt: row.delivered_at,
  readAt: row.read_at,
  failures: row.failures,
  failureReason: row.failure_reason,
  isParked: row.delivered_at === null && row.failures >= maxFailures,
  digestId: row.digest_id,
  digestOf: row.digest_of,
});

/** The table's constraint: an analysis has them all. */
function resultFrom(row: Row): JudgedResult | null {
  const { sample, germ, operator, verdict } = row;
  if (sample === null || germ === null || operator === null || verdict === null) return null;
  return {
    sample,
    germ,
    operator,
    value: row.value,
    unit: row.unit,
    limitSatisfactory: row.limit_satisfactory,
    limitAcceptable: row.limit_acceptable,
    verdict,
  };
}
