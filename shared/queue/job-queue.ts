/** What travels in the queue: a pointer to a row of `job`, never data. */
export interface JobMessage {
  readonly version: 1;
  readonly jobId: string;
}

/** Large packages have a lane of their own, so that they never delay small ones. */
export const lanes = ['small', 'large'] as const;
export type Lane = (typeof lanes)[number];

/**
 * What became of a delivery.
 * `done`: never deliver it again. `retry`: deliver it again after a while. `dead`: put it aside for people.
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
  /** Resolves once the queue holds the message durably; rejects with `unavailable` where it cannot. */
  publish(lane: Lane, message: JobMessage): Promise<void>;
  /**
   * Hands messages to `handle`, at most `concurrency` at a time, until stopped; reconnects by itself.
   * A handler that throws counts as `retry`.
   */
  consume(
    lane: Lane,
    concurrency: number,
    handle: (message: JobMessage) => Promise<Verdict>,
  ): Promise<Consumption>;
  /** Messages that wait in a lane. */
  depth(lane: Lane): Promise<number>;
  /** Messages that were put aside. */
  deadDepth(): Promise<number>;
  /** False while the queue is known to be out of reach. Answers from memory. */
  isUp(): boolean;
  close(): Promise<void>;
}
