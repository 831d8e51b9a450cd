import { connect, type ConfirmChannel } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { maxDeliveries, type JobMessage, type JobQueue } from '../../shared/queue/job-queue';
import { describeWithOwnRabbit, describeWithRabbit, type RabbitServer } from '../setup/rabbitmq';
import { itKeepsTheContract, type QueueServer } from './contract';
import { eventually } from './eventually';
import { openTestQueue, type QueuePlace } from './open-test-queue';

describeWithOwnRabbit('the job queue on RabbitMQ', (rabbit) => {
  itKeepsTheContract(() => Promise.resolve(queueServer(rabbit())));

  test('confirmed messages survive a power cut', async () => {
    const place = { url: rabbit().url, prefix: `test-${randomUUID()}` };
    const queue = await openUp(place);
    // A quorum queue of RabbitMQ 3.10 that is killed soon after its declaration has no leader any more.
    await rabbit().stop();
    await eventually('it is known to be away', () => !queue.isUp());
    await rabbit().start();
    await eventually('the queue is up again', () => queue.isUp());
    await Promise.all(numbers(100).map((jobId) => queue.publish('small', { version: 1, jobId })));
    await rabbit().kill();
    await rabbit().start();
    const seen = await consumed(queue);
    await eventually('all have arrived', () => new Set(seen).size === 100);
    await queue.close();
  });
});

describeWithRabbit('on RabbitMQ alone', (url) => {
  let place: QueuePlace;
  let queue: JobQueue;
  beforeEach(async () => {
    place = { url: url(), prefix: `test-${randomUUID()}` };
    queue = await openUp(place);
  });
  afterEach(async () => {
    await queue.close();
    await onChannel(url(), async (channel) => {
      for (const lane of ['small', 'large', 'dead']) await channel.deleteQueue(`${place.prefix}.${lane}`);
    });
  });

  test('a text that is not JSON is put aside unchanged', async () => {
    await queue.consume('small', 1, () => Promise.resolve('done'));
    await sendRaw(place, 'not { json');
    await eventually('it is put aside', async () => (await queue.deadDepth()) === 1);
    const dead = await onChannel(place.url, (channel) =>
      channel.get(`${place.prefix}.dead`, { noAck: true }),
    );
    expect(dead && dead.content.toString()).toBe('not { json');
  });

  test('a message that brought down too many consumers is put aside', async () => {
    await queue.publish('small', { version: 1, jobId: 'poison' });
    await onChannel(place.url, async (channel) => {
      for (let i = 0; i <= maxDeliveries; i++) {
        const message = await channel.get(`${place.prefix}.small`);
        if (message === false) throw new Error('it is not there');
        channel.nack(message, false, true);
      }
    });
    await eventually('it is put aside', async () => (await queue.deadDepth()) === 1);
    expect(await queue.depth('small')).toBe(0);
  });

  test('a queue that is deleted is declared again, and its consumers come back', async () => {
    const seen = await consumed(queue);
    await onChannel(place.url, (channel) => channel.deleteQueue(`${place.prefix}.small`));
    await eventually('what is published arrives', async () => {
      await queue.publish('small', { version: 1, jobId: 'again' }).catch(() => undefined);
      return seen.includes('again');
    });
  });

  test('a message that reaches no queue is an error, and the queue is declared again', async () => {
    await onChannel(place.url, (channel) => channel.deleteQueue(`${place.prefix}.large`));
    await expect(queue.publish('large', { version: 1, jobId: '1' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await eventually('it is published', () =>
      queue.publish('large', { version: 1, jobId: '2' }).then(
        () => true,
        () => false,
      ),
    );
    expect(await queue.depth('large')).toBe(1);
  });
});

function queueServer(rabbit: RabbitServer): QueueServer {
  return {
    newPlace: () => Promise.resolve({ url: rabbit.url, prefix: `test-${randomUUID()}` }),
    sendRaw,
    stop: () => rabbit.stop(),
    start: () => rabbit.start(),
    remove: () => Promise.resolve(),
  };
}

async function sendRaw({ url, prefix }: QueuePlace, text: string): Promise<void> {
  await onChannel(url, async (channel) => {
    channel.sendToQueue(`${prefix}.small`, Buffer.from(text));
    await channel.waitForConfirms();
  });
}

/** An access that any other program could make. */
async function onChannel<T>(url: string, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await work(await connection.createConfirmChannel());
  } finally {
    await connection.close();
  }
}

async function openUp(place: QueuePlace): Promise<JobQueue> {
  const queue = openTestQueue(place);
  await eventually('the queue is up', () => queue.isUp());
  return queue;
}

async function consumed(queue: JobQueue): Promise<string[]> {
  const seen: string[] = [];
  await queue.consume('small', 10, ({ jobId }: JobMessage) => {
    seen.push(jobId);
    return Promise.resolve('done');
  });
  return seen;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
