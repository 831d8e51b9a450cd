import type { Db } from '../db/database';
import { commitsLazily, prepared } from '../db/prepared';
import { queueChannel } from '../db/queue-message';
import type { JobMessage } from './job-queue';
import type { Lane } from '../domain/job-kind';

export interface MessageToSend {
  readonly lane: Lane;
  readonly message: JobMessage;
}

export interface ClaimedMessage {
  readonly id: string;
  readonly body: unknown;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
}

/** The queue's statements. The clock is the database's. */
export interface MessageTable {
  /** Durable once it resolves. */
  send(messages: readonly MessageToSend[]): Promise<void>;
  /** Takes up to `limit` messages that nobody else has, and hides them for `hiddenMs`. */
  claim(lane: Lane, limit: number): Promise<ClaimedMessage[]>;
  /** Hides messages in hand for another `hiddenMs`, from now. */
  keep(ids: readonly string[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  deliverAgain(id: string, afterMs: number): Promise<void>;
  putAside(id: string, reason: string): Promise<void>;
  depth(lane: Lane): Promise<number>;
  deadDepth(): Promise<number>;
}

export function createMessageTable(db: Db, hiddenMs: number): MessageTable {
  return { send, claim, keep, remove, deliverAgain, putAside, depth, deadDepth };

  async function send(messages: readonly MessageToSend[]): Promise<void> {
    const bodies = messages.map(({ message }) => JSON.stringify(message));
    await sendMessages(db, { lanes: messages.map(({ lane }) => lane), bodies });
  }

  async function claim(lane: Lane, limit: number): Promise<ClaimedMessage[]> {
    return await claimMessages(db, { lane, limit, hiddenMs });
  }

  async function keep(ids: readonly string[]): Promise<void> {
    await keepMessages(db, { ids, hiddenMs });
  }

  async function remove(ids: readonly string[]): Promise<void> {
    await removeMessages(db, { ids });
  }

  async function deliverAgain(id: string, afterMs: number): Promise<void> {
    await db.raw(`update queue_message set visible_at = now() + ? * interval '1 ms' where id = ?`, [
      afterMs,
      id,
    ]);
  }

  async function putAside(id: string, reason: string): Promise<void> {
    await db('queue_message').where({ id }).update({ dead_at: db.fn.now(), reason });
  }

  async function depth(lane: Lane): Promise<number> {
    return await count(
      'select count(*)::int as waiting from queue_message where lane = ? and dead_at is null and visible_at <= now()',
      [lane],
    );
  }

  async function deadDepth(): Promise<number> {
    return await count('select count(*)::int as waiting from queue_message where dead_at is not null', []);
  }

  async function count(sql: string, bindings: readonly string[]): Promise<number> {
    const { rows } = await db.raw<{ rows: { waiting: number }[] }>(sql, bindings);
    return rows[0]?.waiting ?? 0;
  }
}

// Consumers are notified at commit, once for each lane.
const sendMessages = prepared<unknown, Readonly<Record<'lanes' | 'bodies', readonly string[]>>>(
  'send_messages',
  `with sent as (
     insert into queue_message (lane, body)
     select * from unnest(cast(:lanes as text[]), cast(:bodies as jsonb[])) returning lane
   )
   select pg_notify('${queueChannel}', lane) from sent group by lane`,
);

// Commits that concern messages do not wait for the disk. After a crash of PostgreSQL a message may be delivered once more.

// Materialized, or the planner may run the locking select once for each row.
const claimMessages = prepared<ClaimedMessage, { lane: Lane; limit: number; hiddenMs: number }>(
  'claim_messages',
  `with next as materialized (
     select id from queue_message
     where lane = :lane and dead_at is null and visible_at <= now()
     order by visible_at, id
     limit :limit
     for update skip locked
   )
   update queue_message set visible_at = now() + :hiddenMs * interval '1 ms', deliveries = deliveries + 1
   from next where queue_message.id = next.id and ${commitsLazily}
   returning queue_message.id, body, deliveries`,
);

const keepMessages = prepared<unknown, { ids: readonly string[]; hiddenMs: number }>(
  'keep_messages',
  `update queue_message set visible_at = now() + :hiddenMs * interval '1 ms'
   where id = any(cast(:ids as bigint[])) and ${commitsLazily}`,
);

const removeMessages = prepared<unknown, { ids: readonly string[] }>(
  'remove_messages',
  `delete from queue_message where id = any(cast(:ids as bigint[])) and ${commitsLazily}`,
);
