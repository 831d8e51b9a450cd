import { backoffMs } from '../domain/backoff';
import type { Logger } from '../log';
import { within } from '../connections/within';
import { inBatches } from './batches';
import { createBell } from './bell';
import { maxDeliveries, type Consumption, type JobMessage, type DeliveryVerdict } from './job-queue';
import { type Lane } from '../domain/job-kind';
import type { ClaimedMessage, MessageTable } from './message-table';
import { outcomeOf, type Outcome } from './outcome';

/** A consumer of one lane. */
export interface PostgresSubscription extends Consumption {
  /** Call it when there may be new messages. */
  wake(): void;
}

export interface PostgresSubscriptionDeps {
  readonly table: MessageTable;
  readonly lane: Lane;
  readonly concurrency: number;
  readonly handle: (message: JobMessage) => Promise<DeliveryVerdict>;
  readonly log: Logger;
  /** How often messages in hand are hidden again. */
  readonly keepEveryMs: number;
  /** How often it looks without being told: for messages whose consumer died, and notifications that got lost. */
  readonly pollMs: number;
  /** A statement that takes longer has failed. */
  readonly patienceMs: number;
}

/**
 * Messages that are done are removed together: nobody waits for it, because they stay hidden, and their jobs are done.
 */
const removeAfterMs = 50;

export function createPostgresSubscription(deps: PostgresSubscriptionDeps): PostgresSubscription {
  const { table, lane, concurrency, handle, log, keepEveryMs, pollMs, patienceMs } = deps;
  const news = createBell();
  const inHand = new Map<string, Promise<void>>();
  const settling = new Set<Promise<void>>();
  const remove = inBatches<string>({ largest: 1_000, gatherMs: removeAfterMs }, (ids) =>
    soon(table.remove(ids)),
  );
  const keeping = setInterval(() => void keepInHand(), keepEveryMs);
  let stopping = false;
  const isStopping = () => stopping;
  const claiming = claimUntilStopped();
  return { wake: () => news.ring(), stop };

  async function claimUntilStopped(): Promise<void> {
    for (let failures = 0; !isStopping();) {
      if (inHand.size >= concurrency) {
        await Promise.race(inHand.values());
        continue;
      }
      failures = (await claimSome()) ? 0 : failures + 1;
      if (failures > 0) await news.heard(backoffMs(failures, { firstMs: 200, maxMs: 2_000 }));
    }
  }

  /**
   * Claims as many messages as there are free slots. If there are fewer messages, it waits for new ones. False: the
   * statement failed.
   */
  async function claimSome(): Promise<boolean> {
    const free = concurrency - inHand.size;
    news.silence();
    try {
      const claimed = await soon(table.claim(lane, free));
      for (const message of claimed) start(message);
      if (claimed.length < free && !isStopping()) await news.heard(pollMs);
      return true;
    } catch (err) {
      log.warn({ err, lane }, 'No messages can be claimed');
      return false;
    }
  }

  function start(message: ClaimedMessage): void {
    const handled = judge(message).then((outcome) => {
      inHand.delete(message.id);
      settle(message, outcome);
    });
    inHand.set(message.id, handled);
  }

  function judge(message: ClaimedMessage): Promise<Outcome> {
    if (message.deliveries <= maxDeliveries) return outcomeOf(message, handle, log);
    return Promise.resolve({ what: 'put-aside', reason: 'delivered too often' });
  }

  /** Does not delay the next message. If it fails, the message is delivered again, and its job is then already done. */
  function settle(message: ClaimedMessage, outcome: Outcome): void {
    const settled = within(patienceMs, 'settling a message', carryOut(message, outcome)).catch(
      (err: unknown) => log.warn({ err, lane }, 'A message could not be settled and will be delivered again'),
    );
    settling.add(settled);
    void settled.then(() => settling.delete(settled));
  }

  function carryOut({ id, body }: ClaimedMessage, outcome: Outcome): Promise<void> {
    switch (outcome.what) {
      case 'remove':
        return remove(id);
      case 'put-aside':
        log.error({ lane, body, reason: outcome.reason }, 'A message was put aside');
        return soon(table.putAside(id, outcome.reason));
      case 'deliver-again':
        return soon(table.deliverAgain(id, outcome.afterMs));
    }
  }

  async function keepInHand(): Promise<void> {
    if (inHand.size === 0) return;
    // If it fails, another consumer gets the messages, and their jobs are then already taken.
    await soon(table.keep([...inHand.keys()])).catch(() => undefined);
  }

  /** A hanging connection must block neither the next statement nor the shutdown. */
  function soon<T>(answer: Promise<T>): Promise<T> {
    return within(patienceMs, 'a statement of the queue', answer);
  }

  async function stop(): Promise<void> {
    stopping = true;
    news.ring();
    await claiming;
    await Promise.all(inHand.values());
    await Promise.all(settling);
    clearInterval(keeping);
  }
}
