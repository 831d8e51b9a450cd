import type { Lane } from '../domain/job-kind';

/** What travels in the queue: a pointer to a row of `job`, never data. */
export interface JobMessage {
  readonly version: 1;
  readonly jobId: string;
}

/**
 * What became of a delivery. After each of them the queue has done with the message.
 * `done`: the work is done, or was none. `retry`: the database knows when to try again (`job.run_after`); the
 * relay publishes it again then, so that a wait of an hour holds up nothing here. `dead`: put aside for people.
 */
export type Verdict = 'done' | 'retry' | 'dead';

export interface Consumption {
  /** Takes no further message, and resolves once those in hand have their verdict. */
  stop(): Promise<void>;
}

/**
 * A queue that delivers each message at least once, in no promised order.
 * The database is the truth: a lost message is published again by the relay, a doubled one finds its job taken.
 */
export interface JobQueue {
  /** Resolves once the queue holds the message durably; rejects with `unavailable` where it cannot, or may not have. */
  publish(lane: Lane, message: JobMessage): Promise<void>;
  /**
   * Hands messages to `handle`, at most `concurrency` at a time, until stopped; reconnects by itself, and need not
   * be connected to begin. A consumer that dies gives its messages back within ten seconds.
   *
   * A handler throws where it could not even tell the database what to do next: then the queue itself delivers the
   * message again, after a pause that grows, and puts it aside after `maxDeliveries`.
   */
  consume(
    lane: Lane,
    concurrency: number,
    handle: (message: JobMessage) => Promise<Verdict>,
  ): Promise<Consumption>;
  /** Messages that wait in a lane; those in hand are not among them. Rejects with `unavailable`. */
  depth(lane: Lane): Promise<number>;
  /** Messages that were put aside. Rejects with `unavailable`. */
  deadDepth(): Promise<number>;
  /** False while the queue is known to be out of reach. Answers from memory. */
  isUp(): boolean;
  /** Stops all consumptions, waits for what is being published, and hangs up. */
  close(): Promise<void>;
}

/** A message that was handed out more often, and each time brought down its consumer, is put aside. */
export const maxDeliveries = 20;
