import type { Logger } from '../log';
import { keepOpen, type KeptOpen } from '../connections/keep-open';
import {
  maxDeliveries,
  type Consumption,
  type JobMessage,
  type JobQueue,
  type DeliveryVerdict,
} from './job-queue';
import { lanes, type Lane } from '../domain/job-kind';
import { createMessagesUnderWay } from './messages-under-way';
import { nodeUrls } from './node-urls';
import { outOfReach } from './out-of-reach';
import { openRabbitSession, type RabbitSession } from './rabbit-session';
import { createRabbitSubscription, type RabbitSubscription } from './rabbit-subscription';

export interface RabbitQueueOptions {
  /** `amqp://` or `amqps://`, with user, password and virtual host; of a cluster those of several nodes, see `nodeUrls`. */
  readonly url: string;
  /** Whose certificates are believed, in PEM; without: the usual ones. */
  readonly authority?: string | null;
  readonly log: Logger;
  /** The queues are `<prefix>.small`, `<prefix>.large` and `<prefix>.dead`. */
  readonly prefix?: string;
  /** A message that is not confirmed in this time counts as not published. */
  readonly patienceMs?: number;
}

/**
 * The job queue on RabbitMQ: quorum queues, publisher confirms, manual acknowledgement. Connects in the
 * background, and again for ever.
 */
export function createRabbitQueue(options: RabbitQueueOptions): JobQueue {
  const { log, prefix = 'epack' } = options;
  const subscriptions = new Set<RabbitSubscription>();
  const underWay = createMessagesUnderWay();
  // Two connections: RabbitMQ stops reading from one that publishes when it is short of memory, and just then
  // acknowledgements must get through.
  const publishing = connected('publish', () => undefined);
  let consuming: KeptOpen<RabbitSession> | null = null;
  const deadDepth = () => depthOf('dead');
  return { isInDatabase: false, publish, consume, depth: depthOf, deadDepth, isUp, close };

  async function publish(lane: Lane, message: JobMessage): Promise<void> {
    const sending = sessionToPublish().publish(nameOf(lane), Buffer.from(JSON.stringify(message)));
    await underWay.sent(sending);
  }

  function consume(
    lane: Lane,
    concurrency: number,
    handle: (message: JobMessage) => Promise<DeliveryVerdict>,
  ): Promise<Consumption> {
    const subscription = createRabbitSubscription({ queue: nameOf(lane), concurrency, handle, log });
    subscriptions.add(subscription);
    consuming ??= connected('consume', (session) => {
      for (const each of subscriptions) each.attach(session);
    });
    const session = consuming.current();
    if (session !== null) subscription.attach(session);
    return Promise.resolve({ stop: () => stop(subscription) });
  }

  async function stop(subscription: RabbitSubscription): Promise<void> {
    subscriptions.delete(subscription);
    await subscription.stop();
  }

  async function depthOf(lane: Lane | 'dead'): Promise<number> {
    const session = sessionToPublish();
    try {
      return await session.depth(nameOf(lane));
    } catch (error) {
      throw outOfReach(error);
    }
  }

  function isUp(): boolean {
    const session = publishing.current();
    if (session === null || session.isBlocked()) return false;
    return consuming === null || consuming.current() !== null;
  }

  async function close(): Promise<void> {
    await Promise.all([...subscriptions].map(stop));
    await underWay.settled();
    await Promise.all([publishing.close(), consuming?.close()]);
  }

  function sessionToPublish(): RabbitSession {
    const session = publishing.current();
    if (session === null) throw outOfReach(new Error('There is no connection to RabbitMQ'));
    if (session.isBlocked()) throw outOfReach(new Error('RabbitMQ takes no messages for the moment'));
    return session;
  }

  /** To one node of the cluster, and after that is lost to the next. */
  function connected(purpose: string, onOpened: (session: RabbitSession) => void): KeptOpen<RabbitSession> {
    const nextNode = inTurn(shuffled(nodeUrls(options.url)));
    return keepOpen({
      what: `The connection to RabbitMQ (${purpose})`,
      log,
      open: () =>
        openRabbitSession({ ...sessionOptions(options), url: nextNode(), name: `epack ${purpose}`, log }),
      onOpened,
      onLost: () => undefined,
    });
  }

  function nameOf(lane: Lane | 'dead'): string {
    return `${prefix}.${lane}`;
  }
}

function sessionOptions({ authority = null, prefix = 'epack', patienceMs = 5_000 }: RabbitQueueOptions) {
  const deadLettersTo = `${prefix}.dead`;
  return {
    authority,
    patienceMs,
    queues: [
      // Declared first, so that dead letters always have a place. People may look at them often.
      { name: deadLettersTo, deadLettersTo: null, maxDeliveries: 1_000_000 },
      ...lanes.map((lane) => ({ name: `${prefix}.${lane}`, deadLettersTo, maxDeliveries })),
    ],
  };
}

/** Each call returns the next one, and after the last one the first again. */
function inTurn(urls: readonly string[]): () => string {
  let turn = -1;
  return () => {
    turn = (turn + 1) % urls.length;
    return urls[turn] ?? '';
  };
}

/** So that not all processes connect to the same node. */
const shuffled = (urls: readonly string[]): string[] =>
  urls
    .map((url) => ({ url, place: Math.random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ url }) => url);
