import type { Db } from '../db/database';
import type { FileStore } from '../files/file-store';
import type { JobQueue } from '../queue/job-queue';

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

export interface Readiness {
  readonly isReady: boolean;
  /** As JSON. */
  readonly body: { readonly status: string; readonly checks: Health };
}

/** Never rejects. Anyone may ask: those who ask while one look is under way share what it finds. */
export function createHealthCheck({ db, queue, files }: Deps): HealthCheck {
  let underWay: Promise<Health> | null = null;
  const look = async (): Promise<Health> => ({
    database: await works(() => db.raw('select 1 from channel_status limit 1')),
    queue: queue.isUp(),
    files: await works(() => files.check()),
  });
  return () => {
    underWay ??= look().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}

/** What `/readyz` says. A process that is stopping takes nothing new, whatever it can reach. */
export async function readinessOf(check: HealthCheck, isDraining: () => boolean): Promise<Readiness> {
  const checks = await check();
  const isReady = checks.database && checks.queue && checks.files && !isDraining();
  const status = isDraining() ? 'stopping' : isReady ? 'ready' : 'not ready';
  return { isReady, body: { status, checks } };
}

async function works(check: () => PromiseLike<unknown>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
