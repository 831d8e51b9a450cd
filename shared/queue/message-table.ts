import type { Db } from '../db/database';
import type { JobMessage } from './job-queue';
import type { Lane } from '../domain/job-kind';

/** The channel on which consumers are told that their lane (the payload) has something new. */
export const queueChannel = 'epack_queue';

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
    // Told to the consumers at commit, once a lane.
    await db.raw(
      `with sent as (
         insert into queue_message (lane, body) select * from unnest(?::text[], ?::jsonb[]) returning lane
       )
       select pg_notify('${queueChannel}', lane) from sent group by lane`,
      [messages.map(({ lane }) => lane), messages.map(({ message }) => JSON.stringify(message))],
    );
  }

  async function claim(lane: Lane, limit: number): Promise<ClaimedMessage[]> {
    // Materialized, or the planner may run the locking select once for each row.
    const { rows } = await db.raw<{ rows: ClaimedMessage[] }>(
      `with next as materialized (
         select id from queue_message
         where lane = ? and dead_at is null and visible_at <= now()
         order by visible_at, id
         limit ?
         for update skip locked
       )
       update queue_message set visible_at = now() + ? * interval '1 ms', deliveries = deliveries + 1
       from next where queue_message.id = next.id
       returning queue_message.id, body, deliveries`,
      [lane, limit, hiddenMs],
    );
    return rows;
  }

  async function keep(ids: readonly string[]): Promise<void> {
    await db.raw(`update queue_message set visible_at = now() + ? * interval '1 ms' where id = any(?)`, [
      hiddenMs,
      [...ids],
    ]);
  }

  async function remove(ids: readonly string[]): Promise<void> {
    await db.raw('delete from queue_message where id = any(?)', [[...ids]]);
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
