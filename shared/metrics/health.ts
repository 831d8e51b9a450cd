import type { Db } from '../db/database';
import type { FileStore } from '../files/file-store';
import { within } from '../connections/within';
import type { JobQueue } from '../queue/job-queue';

interface Deps {
  readonly db: Db;
  readonly queue: Pick<JobQueue, 'isUp'>;
  readonly files: Pick<FileStore, 'check'>;
  /** What has not answered by then counts as out of reach. */
  readonly patienceMs?: number;
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

/** Never rejects, and answers within `patienceMs`: whoever asks decides by it where to send people. */
export function createHealthCheck({ db, queue, files, patienceMs = 3_000 }: Deps): HealthCheck {
  const database = createProbe(async () => db.raw('select 1 from channel_status limit 1'), patienceMs);
  const disk = createProbe(() => files.check(), patienceMs);
  return async () => {
    const [hasDatabase, hasFiles] = await Promise.all([database(), disk()]);
    return { database: hasDatabase, queue: queue.isUp(), files: hasFiles };
  };
}

/** What `/readyz` says. A process that is stopping takes nothing new, whatever it can reach. */
export async function readinessOf(check: HealthCheck, isDraining: () => boolean): Promise<Readiness> {
  const checks = await check();
  const isReady = checks.database && checks.queue && checks.files && !isDraining();
  const status = isDraining() ? 'stopping' : isReady ? 'ready' : 'not ready';
  return { isReady, body: { status, checks } };
}

/**
 * True: it works. Anyone may ask: those who ask while a look is under way share what it finds, also one that hangs. A
 * second one would only hang beside it, on one more connection or one more of the few threads that read files.
 */
function createProbe(look: () => Promise<unknown>, patienceMs: number): () => Promise<boolean> {
  let underWay: Promise<unknown> | null = null;
  return async () => {
    underWay ??= look().finally(() => {
      underWay = null;
    });
    try {
      await within(patienceMs, 'a look', underWay);
      return true;
    } catch {
      return false;
    }
  };
}
