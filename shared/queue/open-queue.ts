import type { Db } from '../db/database';
import type { DatabaseListener } from '../db/listen';
import type { Logger } from '../log';
import type { JobQueue } from './job-queue';
import { createPostgresQueue } from './postgres-queue';

interface Place {
  /** RabbitMQ; null: the queue is in PostgreSQL. */
  readonly queueUrl: string | null;
  /** Whose certificates are believed, in PEM; null: the usual ones. */
  readonly authority: string | null;
  readonly db: Db;
  readonly notifications: DatabaseListener;
  readonly log: Logger;
}

/** The queue that the configuration asks for. */
export async function openQueue({ queueUrl, authority, db, notifications, log }: Place): Promise<JobQueue> {
  if (queueUrl === null) return createPostgresQueue({ db, notifications, log });
  // Loaded only if it is used, because its code takes some megabytes of memory.
  const { createRabbitQueue } = await import('./rabbit-queue.js');
  return createRabbitQueue({ url: queueUrl, authority, log });
}
