import type { Db } from '../db/database';
import type { Notifications } from '../db/listen';
import type { Logger } from '../log';
import type { JobQueue } from './job-queue';
import { createPostgresQueue } from './postgres-queue';
import { createRabbitQueue } from './rabbit-queue';

interface Place {
  /** RabbitMQ; null: the queue is in PostgreSQL. */
  readonly queueUrl: string | null;
  readonly db: Db;
  readonly notifications: Notifications;
  readonly log: Logger;
}

/** The queue that the configuration asks for. */
export function openQueue({ queueUrl, db, notifications, log }: Place): JobQueue {
  return queueUrl === null
    ? createPostgresQueue({ db, notifications, log })
    : createRabbitQueue({ url: queueUrl, log });
}
