import { Router } from 'express';
import type { Db } from '../../shared/db/database';
import type { FileStore } from '../../shared/files/file-store';
import type { JobQueue } from '../../shared/queue/job-queue';

interface Deps {
  readonly db: Db;
  readonly queue: Pick<JobQueue, 'isUp'>;
  readonly files: Pick<FileStore, 'check'>;
}

/** What this process can reach just now. */
export interface Health {
  readonly database: boolean;
  readonly queue: boolean;
  readonly files: boolean;
}

export type HealthCheck = () => Promise<Health>;

/** Never rejects. */
export function createHealthCheck({ db, queue, files }: Deps): HealthCheck {
  return async () => ({
    database: await works(() => db.raw('select 1 from channel_status limit 1')),
    queue: queue.isUp(),
    files: await works(() => files.check()),
  });
}

/** `/healthz`: this process lives. `/readyz`: database, queue and file store are within reach. */
export function createHealthRoutes(check: HealthCheck): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const checks = await check();
    const isReady = checks.database && checks.queue && checks.files;
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', checks });
  });
  return router;
}

async function works(check: () => PromiseLike<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
