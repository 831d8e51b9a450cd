import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lane, lanes } from '../../shared/domain/job-kind';
import type { JobMessage, JobQueue, DeliveryVerdict } from '../../shared/queue/job-queue';
import { eventually } from './eventually';
import { openTestQueue, type QueuePlace } from './open-test-queue';
import { openProxy } from './proxy';

/** Where the contract is tried: a server of the suite's own, for it is stopped on the way. */
export interface QueueServer {
  /** An empty queue, another one each time. */
  newPlace(): Promise<QueuePlace>;
  /** Puts a text into the lane `small` as any program could. */
  sendRaw(place: QueuePlace, text: string): Promise<void>;
  stop(): Promise<void>;
  /** The same server again, with what it held. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** The contract of every job queue. */
export function itKeepsTheContract(startServer: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let place: QueuePlace;
  let opened: JobQueue[];
  let killConsumer: () => void = () => undefined;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => server.remove());
  beforeEach(async () => {
    place = await server.newPlace();
    opened = [];
  });
  afterEach(async () => {
    killConsumer();
    await Promise.all(opened.map((queue) => queue.close()));
  });

  describe('delivering', () => {
    test('each message goes to one of several consumers, and every consumer gets some', async () => {
      const [first, second] = [await openUp(), await openUp()];
      const [a, b] = [await consumed(first), await consumed(second)];
      await publishAll(first, numbers(300));
      await eventually('all have arrived', () => a.length + b.length >= 300);
      expect([...a, ...b].sort(byNumber)).toEqual(numbers(300));
    });

    test('a message waits for a consumer that starts later, with the queue of another process', async () => {
      const publisher = await openUp();
      await publisher.publish('small', message('7'));
      await publisher.close();
      const seen = await consumed(await openUp());
      await eventually('it has arrived', () => seen.length === 1);
      expect(seen).toEqual(['7']);
    });

    test('the lanes are apart', async () => {
      const queue = await openUp();
      const seen = new Map<Lane, string[]>();
      for (const lane of lanes) {
        const arrived: string[] = [];
        seen.set(lane, arrived);
        await queue.consume(lane, 1, done(arrived));
      }
      for (const lane of lanes) await queue.publish(lane, message(`for ${lane}`));
      await eventually('all have arrived', () => [...seen.values()].flat().length === lanes.length);
      expect([...seen]).toEqual(lanes.map((lane) => [lane, [`for ${lane}`]]));
    });

    test('no more handlers run at a time than were asked for', async () => {
      const queue = await openUp();
      let running = 0;
      let most = 0;
      let finished = 0;
      await queue.consume('small', 3, async () => {
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
        finished++;
        return 'done';
      });
      await publishAll(queue, numbers(60));
      await eventually('all are finished', () => finished === 60);
      expect(most).toBe(3);
    });

    test('the same message may be published five times, and arrives five times', async () => {
      const queue = await openUp();
      const seen = await consumed(queue);
      await publishAll(queue, ['5', '5', '5', '5', '5']);
      await eventually('all have arrived', () => seen.length === 5);
      expect(await queue.deadDepth()).toBe(0);
    });

    test('the depth is the number of waiting messages, without those in progress', async () => {
      const queue = await openUp();
      await publishAll(queue, numbers(5));
      await eventually('five wait', async () => (await queue.depth('small')) === 5);
      expect(await queue.depth('large')).toBe(0);
      const gate = openGate();
      await queue.consume('small', 2, gate.handle);
      await eventually('two are in hand', () => gate.waiting() === 2);
      await eventually('three wait', async () => (await queue.depth('small')) === 3);
      gate.open();
      await eventually('none waits', async () => (await queue.depth('small')) === 0);
    });
  });

  describe('verdicts', () => {
    test.each<DeliveryVerdict>(['done', 'retry'])(
      'after %s the queue has done with the message',
      async (verdict) => {
        const queue = await openUp();
        const seen: string[] = [];
        const consumption = await queue.consume('small', 1, handing(seen, verdict));
        await queue.publish('small', message('1'));
        await eventually('it has arrived', () => seen.length === 1);
        await consumption.stop();
        expect(await queue.depth('small')).toBe(0);
        expect(await queue.deadDepth()).toBe(0);
      },
    );

    test('after dead the message is put aside', async () => {
      const queue = await openUp();
      await queue.consume('small', 1, handing([], 'dead'));
      await queue.publish('small', message('1'));
      await eventually('it is put aside', async () => (await queue.deadDepth()) === 1);
      expect(await queue.depth('small')).toBe(0);
    });

    test('a handler that throws is given the message again, and others are not held up for ever', async () => {
      const queue = await openUp();
      const seen: string[] = [];
      await queue.consume('small', 2, ({ jobId }) => {
        const isFirst = !seen.includes(jobId);
        seen.push(jobId);
        return isFirst && jobId === 'bad'
          ? Promise.reject(new Error('no database'))
          : Promise.resolve('done');
      });
      await publishAll(queue, ['bad', 'good', 'good', 'good']);
      await eventually('all have been handled', () => seen.length === 5);
      expect([...seen].sort()).toEqual(['bad', 'bad', 'good', 'good', 'good']);
      expect(await queue.deadDepth()).toBe(0);
    });

    test('an invalid message is put aside, and the next one arrives', async () => {
      const queue = await openUp();
      const seen = await consumed(queue);
      for (const text of ['"hello"', '{"version":2,"jobId":"1"}', '{"version":1}', 'null', '[]'])
        await server.sendRaw(place, text);
      await queue.publish('small', message('fine'));
      await eventually('five are put aside', async () => (await queue.deadDepth()) === 5);
      await eventually('the good one has arrived', () => seen.length === 1);
      expect(seen).toEqual(['fine']);
    });
  });

  describe('stopping', () => {
    test('stop waits for messages in progress, and leaves the rest in the queue', async () => {
      const queue = await openUp();
      const gate = openGate();
      const consumption = await queue.consume('small', 2, gate.handle);
      await publishAll(queue, numbers(10));
      await eventually('two are in hand', () => gate.waiting() === 2);
      let stopped = false;
      const stopping = consumption.stop().then(() => (stopped = true));
      await sleep(100);
      expect(stopped).toBe(false);
      gate.open();
      await stopping;
      expect(gate.handled()).toBe(2);
      await eventually('eight wait', async () => (await queue.depth('small')) === 8);
      const rest = await consumed(await openUp());
      await eventually('they go to another', () => rest.length === 8);
    });

    test('a closed queue publishes no more', async () => {
      const queue = await openUp();
      await queue.close();
      await expect(queue.publish('small', message('1'))).rejects.toMatchObject({ code: 'unavailable' });
      expect(queue.isUp()).toBe(false);
    });
  });

  describe('dying and coming back', () => {
    test('the messages of a killed consumer go to another one', async () => {
      const queue = await openUp();
      await publishAll(queue, numbers(8));
      const child = await startConsumer(place);
      killConsumer = child.kill;
      await eventually('the child has its hands full', () => child.given.length === 5);
      child.kill();
      const seen = await consumed(queue);
      await eventually('all have arrived here', () => new Set(seen).size === 8);
      expect(await queue.deadDepth()).toBe(0);
    });

    test('a restart of the server loses nothing, and needs no new process', async () => {
      const queue = await openUp();
      const other = await openUp();
      const seen = await consumed(other);
      await publishAll(queue, numbers(3));
      await eventually('all have arrived', () => seen.length === 3);
      await queue.publish('large', message('kept'));

      await server.stop();
      await eventually('it is known to be away', () => !queue.isUp() && !other.isUp());
      await expect(queue.publish('small', message('lost'))).rejects.toMatchObject({
        kind: 'unavailable',
        code: 'unavailable',
      });
      await expect(queue.depth('small')).rejects.toMatchObject({ code: 'unavailable' });
      const early = openTestQueue(place);
      opened.push(early);
      expect(early.isUp()).toBe(false);
      const large: string[] = [];
      await early.consume('large', 1, done(large));

      await server.start();
      await eventually('it is known to be back', () => queue.isUp() && other.isUp() && early.isUp());
      await eventually('what was published before has arrived', () => large.length === 1);
      await publishAll(queue, ['again']);
      await eventually('what is published now arrives', () => seen.includes('again'));
      expect(large).toEqual(['kept']);
    });

    test('a silent connection is noticed, and unconfirmed messages are refused', async () => {
      const proxy = await openProxy(place.url);
      const queue = await openUp({ ...place, url: proxy.url });
      const seen = await consumed(queue);
      await publishAll(queue, ['1']);
      await eventually('it has arrived', () => seen.length === 1);

      proxy.freeze();
      await expect(queue.publish('small', message('2'))).rejects.toMatchObject({ code: 'unavailable' });
      await eventually('it is known to be away', () => !queue.isUp());

      proxy.thaw();
      await eventually('it is known to be back', () => queue.isUp());
      await eventually('publishing succeeds again', () => succeeds(queue.publish('small', message('3'))));
      await eventually('it arrives', () => seen.includes('3'));
      await queue.close();
      await proxy.close();
    });

    test('connections that are cut again and again lose no message', async () => {
      const proxy = await openProxy(place.url);
      const queue = await openUp({ ...place, url: proxy.url });
      const seen = await consumed(queue);
      const cutting = setInterval(() => proxy.cut(), 300);
      for (const jobId of numbers(20)) {
        await eventually(`${jobId} is published`, () => succeeds(queue.publish('small', message(jobId))));
        await sleep(50);
      }
      clearInterval(cutting);
      await eventually('all have arrived', () => new Set(seen).size === 20);
      await queue.close();
      await proxy.close();
    });
  });

  async function openUp(where = place): Promise<JobQueue> {
    const queue = openTestQueue(where);
    opened.push(queue);
    await eventually('the queue is up', () => queue.isUp());
    return queue;
  }
}

const message = (jobId: string): JobMessage => ({ version: 1, jobId });

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

const byNumber = (a: string, b: string): number => Number(a) - Number(b);

async function publishAll(queue: JobQueue, jobIds: readonly string[]): Promise<void> {
  await Promise.all(jobIds.map((jobId) => queue.publish('small', message(jobId))));
}

/** Consumes the lane `small`; answers the growing list of what came. */
async function consumed(queue: JobQueue): Promise<string[]> {
  const seen: string[] = [];
  await queue.consume('small', 10, done(seen));
  return seen;
}

const succeeds = (attempt: Promise<void>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );

const done = (seen: string[]) => handing(seen, 'done');

function handing(seen: string[], verdict: DeliveryVerdict) {
  return ({ jobId }: JobMessage): Promise<DeliveryVerdict> => {
    seen.push(jobId);
    return Promise.resolve(verdict);
  };
}

/** Handlers that wait until the gate is open. */
function openGate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let waiting = 0;
  let handled = 0;
  return {
    open,
    waiting: () => waiting,
    handled: () => handled,
    handle: async (): Promise<DeliveryVerdict> => {
      waiting++;
      await opened;
      waiting--;
      handled++;
      return 'done';
    },
  };
}

async function startConsumer({ url, prefix }: QueuePlace) {
  const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
  const script = path.join(__dirname, 'consumer-child.ts');
  const child = spawn(process.execPath, ['-r', hook, script, url, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child, 'spawn');
  const given: string[] = [];
  createInterface(child.stdout).on('line', (jobId) => given.push(jobId));
  return { given, kill: () => child.kill('SIGKILL') };
}
