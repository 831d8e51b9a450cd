import {
  connect,
  IllegalOperationError,
  type Channel,
  type ChannelModel,
  type ConsumeMessage,
} from 'amqplib';
import type { Logger } from '../log';
import type { HeldConnection } from '../connections/keep-open';
import { within } from '../connections/within';

// The only file that knows amqplib.

/**
 * One connection to RabbitMQ, its queues declared. Any failure (a queue was deleted, a message reached no queue, an
 * answer did not come) ends the whole session. The only way to recover is the next session.
 */
export interface RabbitSession extends HeldConnection {
  /** Resolves once most members of the queue have the message on disk. */
  publish(queue: string, content: Buffer): Promise<void>;
  /** At most `prefetch` deliveries are out at a time. */
  consume(queue: string, prefetch: number, onDelivery: (delivery: Delivery) => void): Promise<RabbitConsumer>;
  /** Messages that wait. */
  depth(queue: string): Promise<number>;
  /** RabbitMQ is short of memory or disk, and reads nothing from those who publish. */
  isBlocked(): boolean;
}

/**
 * The last three settle it. They do nothing once the session is lost, because the delivery then goes to another
 * consumer.
 */
export interface Delivery {
  readonly content: Buffer;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  remove(): void;
  putAside(): void;
  giveBack(): void;
}

/** Neither call rejects. If the session is lost, the consumer ends with it. */
export interface RabbitConsumer {
  /** No delivery comes after this. */
  cancel(): Promise<void>;
  /** Returns the deliveries that were not settled to the queue. */
  close(): Promise<void>;
}

export interface QueueDeclaration {
  readonly name: string;
  /** The queue that takes what is put aside; null: it stays. */
  readonly deadLettersTo: string | null;
  readonly maxDeliveries: number;
}

export interface RabbitSessionOptions {
  readonly url: string;
  /** Whose certificates are believed, in PEM; null: the usual ones. */
  readonly authority: string | null;
  readonly queues: readonly QueueDeclaration[];
  /** As RabbitMQ lists the connection. */
  readonly name: string;
  /** An answer or a confirmation that takes longer counts as failed. */
  readonly patienceMs: number;
  readonly log: Logger;
}

/** Connects and declares the queues; rejects where either fails. */
export async function openRabbitSession(options: RabbitSessionOptions): Promise<RabbitSession> {
  const line = await openLine(options);
  const control = await line.ask('opening a channel', line.model.createChannel());
  control.on('error', line.lose);
  const declarations = new Map(options.queues.map((queue) => [queue.name, argumentsOf(queue)]));
  for (const name of declarations.keys()) await declare(name);
  return {
    lost: line.lost,
    close: line.hangUp,
    isBlocked: line.isBlocked,
    publish: await openPublisher(line),
    consume: (queue, prefetch, onDelivery) => openConsumer(line, queue, prefetch, onDelivery),
    depth: async (queue) => (await declare(queue)).messageCount,
  };

  function declare(name: string) {
    const queue = control.assertQueue(name, { durable: true, arguments: declarations.get(name) });
    return line.ask(`declaring ${name}`, queue);
  }
}

/** A connection that counts as lost as soon as one request on it fails. */
interface Line {
  readonly model: ChannelModel;
  readonly lost: Promise<Error>;
  readonly lose: (cause: Error) => void;
  readonly isBlocked: () => boolean;
  readonly ask: <T>(what: string, answer: Promise<T>) => Promise<T>;
  readonly hangUp: () => Promise<void>;
}

async function openLine({ url, authority, name, patienceMs, log }: RabbitSessionOptions): Promise<Line> {
  const model = await connect(withHeartbeat(url), {
    noDelay: true,
    ...(authority === null ? {} : { ca: authority }),
    keepAlive: true,
    timeout: connectTimeoutMs,
    clientProperties: { connection_name: name },
  });
  let blocked = false;
  let lose: (cause: Error) => void = () => undefined;
  const lost = new Promise<Error>((resolve) => (lose = resolve));
  model.on('error', lose);
  model.on('close', (error) => lose(error ?? new Error('RabbitMQ closed the connection')));
  model.on('blocked', (reason) => {
    blocked = true;
    log.error({ reason }, 'RabbitMQ is short of memory or disk and takes no messages');
  });
  model.on('unblocked', () => {
    blocked = false;
    log.info({}, 'RabbitMQ takes messages again');
  });
  void lost.then(hangUp);
  return { model, lost, lose, isBlocked: () => blocked, ask, hangUp };

  async function ask<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      return await within(patienceMs, what, answer);
    } catch (error) {
      // A broker that gives a reason for refusing is still there.
      if (!blocked) lose(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  async function hangUp(): Promise<void> {
    await within(hangUpMs, 'hanging up', model.close()).catch(() => undefined);
  }
}

/** A silent connection counts as dead after two to three heartbeats. */
function withHeartbeat(url: string): string {
  const parts = new URL(url);
  if (!parts.searchParams.has('heartbeat')) parts.searchParams.set('heartbeat', '10');
  return parts.href;
}

function argumentsOf({ deadLettersTo, maxDeliveries }: QueueDeclaration): Record<string, unknown> {
  const own = { 'x-queue-type': 'quorum', 'x-delivery-limit': maxDeliveries };
  if (deadLettersTo === null) return own;
  return {
    ...own,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadLettersTo,
    // Both settings are needed: otherwise a dead letter may be lost between the two queues.
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

async function openPublisher(line: Line): Promise<RabbitSession['publish']> {
  const channel = await line.ask('opening a channel', line.model.createConfirmChannel());
  const unroutable = new Set<string>();
  let published = 0;
  channel.on('error', line.lose);
  channel.on('return', ({ properties }) => unroutable.add(String(properties.messageId)));
  return (queue, content) => line.ask('a confirm', confirmed(queue, content));

  function confirmed(queue: string, content: Buffer): Promise<void> {
    const messageId = String(++published);
    const properties = { persistent: true, mandatory: true, messageId, contentType: 'application/json' };
    return new Promise((resolve, reject) => {
      channel.sendToQueue(queue, content, properties, (error: Error | null) => {
        // A message that reached no queue is returned before it is confirmed.
        if (unroutable.delete(messageId)) reject(new Error(`There is no queue ${queue}`));
        else if (error !== null) reject(error);
        else resolve();
      });
    });
  }
}

async function openConsumer(
  line: Line,
  queue: string,
  prefetch: number,
  onDelivery: (delivery: Delivery) => void,
): Promise<RabbitConsumer> {
  const channel = await line.ask('opening a channel', line.model.createChannel());
  channel.on('error', line.lose);
  await line.ask('setting the prefetch', channel.prefetch(prefetch));
  const { consumerTag } = await line.ask('consuming', channel.consume(queue, receive));
  return {
    cancel: () => quietly(line.ask('cancelling', channel.cancel(consumerTag))),
    close: () => quietly(line.ask('closing a channel', channel.close())),
  };

  function receive(message: ConsumeMessage | null): void {
    if (message === null) line.lose(new Error(`The queue ${queue} was deleted`));
    else onDelivery(deliveryOf(channel, message));
  }
}

function deliveryOf(channel: Channel, message: ConsumeMessage): Delivery {
  const earlier: unknown = message.properties.headers?.['x-delivery-count'];
  return {
    content: message.content,
    deliveries: (typeof earlier === 'number' ? earlier : 0) + 1,
    remove: () => whereOpen(() => channel.ack(message)),
    putAside: () => whereOpen(() => channel.nack(message, false, false)),
    giveBack: () => whereOpen(() => channel.nack(message, false, true)),
  };
}

function whereOpen(settle: () => void): void {
  try {
    settle();
  } catch (error) {
    if (!(error instanceof IllegalOperationError)) throw error;
  }
}

async function quietly(answer: Promise<unknown>): Promise<void> {
  await answer.catch(() => undefined);
}

const connectTimeoutMs = 5_000;
const hangUpMs = 1_000;
