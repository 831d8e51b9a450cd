import type { Db } from '../db/database';
import type { DatabaseListener } from '../db/listen';
import type { Logger } from '../log';
import { within } from '../connections/within';
import { inBatches } from './batches';
import { type Consumption, type JobMessage, type JobQueue, type DeliveryVerdict } from './job-queue';
import { type Lane } from '../domain/job-kind';
import { queueChannel } from '../db/queue-message';
import { createMessagesUnderWay } from './messages-under-way';
import { createMessageTable, type MessageToSend } from './message-table';
import { outOfReach } from './out-of-reach';
import { createPostgresSubscription, type PostgresSubscription } from './postgres-subscription';

export interface PostgresQueueOptions {
  /** Consumers need a free connection every two seconds to keep their messages. */
  readonly db: Db;
  /** The caller closes it. */
  readonly notifications: DatabaseListener;
  readonly log: Logger;
  /** A message that is not stored in this time counts as not published. */
  readonly patienceMs?: number;
}

/** The job queue on PostgreSQL: claimed with SKIP LOCKED, woken by NOTIFY, with a poll as a safety net. */
export function createPostgresQueue({
  db,
  notifications,
  log,
  patienceMs = 5_000,
}: PostgresQueueOptions): JobQueue {
  const table = createMessageTable(db, hiddenMs);
  const subscriptions = new Map<PostgresSubscription, Lane>();
  const underWay = createMessagesUnderWay();
  // Each batch has its own deadline, so that a hanging connection does not block the next batch.
  const send = inBatches<MessageToSend>({ largest: 500 }, (messages) =>
    within(patienceMs, 'publishing', table.send(messages)),
  );
  const news = notifications.subscribe(queueChannel, {
    onMessage: (payload) => wake((lane) => lane === payload),
    onReconnected: () => wake(() => true),
  });
  let closed = false;
  const isUp = () => !closed && notifications.isConnected();
  return { isInDatabase: true, publish, consume, depth, deadDepth, isUp, close };

  async function publish(lane: Lane, message: JobMessage): Promise<void> {
    if (closed) throw outOfReach(new Error('The queue is closed'));
    const sending = send({ lane, message });
    await underWay.sent(sending);
  }

  function consume(
    lane: Lane,
    concurrency: number,
    handle: (message: JobMessage) => Promise<DeliveryVerdict>,
  ): Promise<Consumption> {
    const subscription = createPostgresSubscription({
      table,
      lane,
      concurrency,
      handle,
      log,
      keepEveryMs,
      pollMs,
      patienceMs,
    });
    subscriptions.set(subscription, lane);
    return Promise.resolve({ stop: () => stop(subscription) });
  }

  async function stop(subscription: PostgresSubscription): Promise<void> {
    subscriptions.delete(subscription);
    await subscription.stop();
  }

  async function depth(lane: Lane): Promise<number> {
    return await reached(table.depth(lane));
  }

  async function deadDepth(): Promise<number> {
    return await reached(table.deadDepth());
  }

  async function reached<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(patienceMs, 'counting messages', answer);
    } catch (error) {
      throw outOfReach(error);
    }
  }

  function wake(concerns: (lane: Lane) => boolean): void {
    for (const [subscription, lane] of subscriptions) if (concerns(lane)) subscription.wake();
  }

  async function close(): Promise<void> {
    closed = true;
    news.stop();
    await Promise.all([...subscriptions.keys()].map(stop));
    await underWay.settled();
  }
}

// A message whose consumer was killed waits for the sum of both, which is at most ten seconds.
const hiddenMs = 7_000;
const pollMs = 1_000;
const keepEveryMs = 2_000;
