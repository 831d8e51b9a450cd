import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, openDatabase, type Db } from '../../shared/db/database';
import { startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';
import { maxDeliveries } from '../../shared/queue/job-queue';
import { createTestFolder } from '../setup/folder';
import { itKeepsTheContract, type QueueServer } from './contract';
import { eventually } from './eventually';
import { openTestQueue } from './open-test-queue';

describe('the job queue on PostgreSQL', () => {
  itKeepsTheContract(startPostgres);
});

describe('on PostgreSQL alone', () => {
  let server: QueueServer & { readonly url: string };
  let db: Db;
  beforeAll(async () => {
    server = await startPostgres();
    db = openDatabase({ url: server.url, maxConnections: 2, applicationName: 'queue-test' });
  });
  afterAll(async () => {
    await db.destroy();
    await server.remove();
  });

  test('a message that brought down too many consumers is put aside unseen', async () => {
    const place = await server.newPlace();
    await server.sendRaw(place, '{"version":1,"jobId":"poison"}');
    await db('queue_message').update({ deliveries: maxDeliveries });
    const queue = openTestQueue(place);
    const seen: string[] = [];
    await queue.consume('small', 1, ({ jobId }) => {
      seen.push(jobId);
      return Promise.resolve('done');
    });
    await eventually('it is put aside', async () => (await queue.deadDepth()) === 1);
    expect(seen).toEqual([]);
    await queue.close();
  });

  test('a message without a notification is found too', async () => {
    const place = await server.newPlace();
    const queue = openTestQueue(place);
    const seen: string[] = [];
    await queue.consume('small', 1, ({ jobId }) => {
      seen.push(jobId);
      return Promise.resolve('done');
    });
    await eventually('the queue is up', () => queue.isUp());
    await server.sendRaw(place, '{"version":1,"jobId":"untold"}');
    await eventually('it is found', () => seen.length === 1);
    await queue.close();
  });

  test('a message stays with its consumer for as long as the work takes', async () => {
    const place = await server.newPlace();
    const [busy, idle] = [openTestQueue(place), openTestQueue(place)];
    const handled: string[] = [];
    await eventually('the queues are up', () => busy.isUp() && idle.isUp());
    await busy.publish('small', { version: 1, jobId: 'long' });
    await busy.consume('small', 1, async () => {
      handled.push('busy');
      await sleep(12_000);
      return 'done';
    });
    await eventually('it is in hand', () => handled.length === 1);
    await idle.consume('small', 1, () => {
      handled.push('idle');
      return Promise.resolve('done');
    });
    await eventually('it is done', async () => {
      const rows = await db<{ id: string }>('queue_message').select('id');
      return rows.length === 0;
    });
    expect(handled).toEqual(['busy']);
    await Promise.all([busy.close(), idle.close()]);
  });
});

/** A PostgreSQL of its own, to be stopped. */
async function startPostgres(): Promise<QueueServer & { readonly url: string }> {
  const folder = createTestFolder();
  const dataDir = folder.path;
  let postgres = await startEmbeddedPostgres({ dataDir });
  const { url } = postgres;
  await withDatabase((db) => migrate(db));
  return {
    url,
    newPlace: async () => {
      await withDatabase((db) => db('queue_message').delete());
      return { url, prefix: '' };
    },
    sendRaw: (_place, text) =>
      withDatabase((db) =>
        db('queue_message')
          .insert({ lane: 'small', body: text })
          .then(() => undefined),
      ),
    stop: () => postgres.stop(),
    start: async () => {
      postgres = await startEmbeddedPostgres({ dataDir });
    },
    remove: async () => {
      await postgres.stop();
      folder.remove();
    },
  };

  async function withDatabase<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const db = openDatabase({ url, maxConnections: 1, applicationName: 'queue-test' });
    try {
      return await work(db);
    } finally {
      await db.destroy();
    }
  }
}
