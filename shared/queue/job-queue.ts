import type { Lane } from '../domain/job-kind';

/** A message in the queue: a pointer to a row of `job`, never data. */
export interface JobMessage {
  readonly version: 1;
  readonly jobId: string;
}

/**
 * The result of a delivery. After it, the queue no longer keeps the message. `done`: the work is done, or there was
 * none. `retry`: the database knows when to try again (`job.run_after`); the relay publishes it again then, so that a
 * long wait blocks nothing here. `dead`: it is put aside for people.
 */
export type DeliveryVerdict = 'done' | 'retry' | 'dead';

export interface Consumption {
  /** Takes no further message, and resolves once all current messages have their verdict. */
  stop(): Promise<void>;
}

/**
 * A queue that delivers each message at least once, in no promised order.
 * The database is the truth: a lost message is published again by the relay, a doubled one finds its job taken.
 */
export interface JobQueue {
  /** True: the queue is in the database, so the statement that inserts a job can also send its message (`messagesOf`). */
  readonly isInDatabase: boolean;
  /**
   * Resolves once the queue has stored the message durably. Rejects with `unavailable` if the queue has not stored it,
   * or if that is not known.
   */
  publish(lane: Lane, message: JobMessage): Promise<void>;
  /**
   * Hands messages to `handle`, at most `concurrency` at a time, until stopped. It reconnects by itself, and it can be
   * called before there is a connection. The messages of a consumer that dies are delivered again within ten seconds.
   *
   * A handler throws only if it could not write to the database what is to be done next. The queue then delivers the
   * message again, after growing pauses, and puts it aside after `maxDeliveries`.
   */
  consume(
    lane: Lane,
    concurrency: number,
    handle: (message: JobMessage) => Promise<DeliveryVerdict>,
  ): Promise<Consumption>;
  /** The number of messages that wait in a lane, without those that are being handled. Rejects with `unavailable`. */
  depth(lane: Lane): Promise<number>;
  /** Messages that were put aside. Rejects with `unavailable`. */
  deadDepth(): Promise<number>;
  /** False while the queue is known to be unreachable. It does not ask the queue. */
  isUp(): boolean;
  /** Stops all consumers, waits for pending publishing, and closes the connections. */
  close(): Promise<void>;
}

/** A message that is delivered more often than this, because each time its consumer dies, is put aside. */
export const maxDeliveries = 20;
