import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../log';
import type { Consumption, JobMessage, DeliveryVerdict } from './job-queue';
import { outcomeOf } from './outcome';
import type { Delivery, RabbitConsumer, RabbitSession } from './rabbit-session';
import { createSlots } from './slots';

/** Consumes a queue. It continues over several sessions. */
export interface RabbitSubscription extends Consumption {
  /** Consumes on this session from now on; the one before is lost. */
  attach(session: RabbitSession): void;
}

export interface RabbitSubscriptionDeps {
  readonly queue: string;
  readonly concurrency: number;
  readonly handle: (message: JobMessage) => Promise<DeliveryVerdict>;
  readonly log: Logger;
}

export function createRabbitSubscription(deps: RabbitSubscriptionDeps): RabbitSubscription {
  const { queue, concurrency, handle, log } = deps;
  // Deliveries of a lost session may still be in progress when the next session brings the same number again.
  const slots = createSlots(concurrency);
  const inHand = new Set<Promise<void>>();
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let consumer: Promise<RabbitConsumer | null> = Promise.resolve(null);
  return { attach, stop };

  function attach(session: RabbitSession): void {
    // If it fails, the session is lost, and the next one attaches again.
    if (!isStopping()) consumer = session.consume(queue, concurrency, receive).catch(() => null);
  }

  function receive(delivery: Delivery): void {
    const work = slots.run(() => settle(delivery));
    inHand.add(work);
    void work.then(() => inHand.delete(work));
  }

  async function settle(delivery: Delivery): Promise<void> {
    if (isStopping()) {
      delivery.giveBack();
      return;
    }
    const body = parsed(delivery.content);
    const outcome = await outcomeOf({ body, deliveries: delivery.deliveries }, handle, log);
    switch (outcome.what) {
      case 'remove':
        delivery.remove();
        break;
      case 'put-aside':
        log.error({ queue, body, reason: outcome.reason }, 'A message was put aside');
        delivery.putAside();
        break;
      case 'deliver-again':
        // The pause keeps its slot on purpose: a worker without a database must not run through the whole queue.
        await sleep(outcome.afterMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        delivery.giveBack();
        break;
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    const last = await consumer;
    await last?.cancel();
    await Promise.all(inHand);
    await last?.close();
  }
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return content.toString();
  }
}
