import { openDatabase } from '../../shared/db/database';
import { createDatabaseListener } from '../../shared/db/listen';
import { createLogger } from '../../shared/log';
import type { JobQueue } from '../../shared/queue/job-queue';
import { createPostgresQueue } from '../../shared/queue/postgres-queue';
import { createRabbitQueue } from '../../shared/queue/rabbit-queue';

/** Which queue: RabbitMQ's (`amqp:`) under a prefix, or PostgreSQL's (`postgres:`), which has one per database. */
export interface QueuePlace {
  readonly url: string;
  readonly prefix: string;
}

/** Opens a queue as a process does, with its own connections; its `close` ends those too. */
export function openTestQueue({ url, prefix }: QueuePlace): JobQueue {
  return url.startsWith('amqp')
    ? createRabbitQueue({ url, prefix, log, patienceMs })
    : openPostgresQueue(url);
}

function openPostgresQueue(url: string): JobQueue {
  const db = openDatabase({ url, maxConnections: 4, applicationName: 'queue-test' });
  const notifications = createDatabaseListener({ url, log, checkEveryMs: 500, patienceMs });
  const queue = createPostgresQueue({ db, notifications, log, patienceMs });
  return {
    ...queue,
    close: async () => {
      await queue.close();
      await notifications.close();
      await db.destroy();
    },
  };
}

const patienceMs = 2_000;

/** QUEUE_TEST_LOG=debug shows what the queues say. */
const wanted = process.env['QUEUE_TEST_LOG'];
const log = createLogger({ level: wanted === 'debug' ? wanted : 'silent', name: 'queue-test', to: 'stderr' });
