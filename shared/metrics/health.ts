import type { Db } from '../db/database';
import type { ReplicaState } from '../db/replica';
import { isFileStoreFull } from '../files/file-store-away';
import type { FileStore } from '../files/file-store';
import { within } from '../connections/within';
import type { JobQueue } from '../queue/job-queue';

interface Deps {
  readonly db: Db;
  readonly queue: Pick<JobQueue, 'isUp'>;
  readonly files: Pick<FileStore, 'check'>;
  /** A service that has not responded by then counts as unreachable. */
  readonly patienceMs?: number;
  /** Not given: there is no replica. */
  readonly replica?: (() => ReplicaState) | null;
}

/** The services that this process can reach now. */
export interface Health {
  readonly database: boolean;
  readonly queue: boolean;
  /** It can be read; a full one is within reach. */
  readonly files: boolean;
  /** The file store takes more. */
  readonly room: boolean;
  /** The replica for exports and reports. Null: there is none. Without it the primary is read. */
  readonly replica: ReplicaState | null;
}

export type HealthCheck = () => Promise<Health>;

export interface Readiness {
  readonly isReady: boolean;
  /** As JSON. */
  readonly body: {
    readonly status: string;
    readonly checks: Health;
    /** The work that this process can do now. */
    readonly can: { readonly read: boolean; readonly receive: boolean };
  };
}

/** Never rejects, and answers within `patienceMs`: whoever asks decides by it where to send people. */
export function createHealthCheck({
  db,
  queue,
  files,
  replica = null,
  patienceMs = 3_000,
}: Deps): HealthCheck {
  const database = createProbe(async () => db.raw('select 1 from channel_status limit 1'), patienceMs);
  const disk = createProbe(() => files.check(), patienceMs);
  return async () => {
    const [ofDatabase, ofFiles] = await Promise.all([database(), disk()]);
    return {
      database: ofDatabase === null,
      queue: queue.isUp(),
      files: ofFiles === null || isFileStoreFull(ofFiles),
      room: ofFiles === null,
      replica: replica?.() ?? null,
    };
  };
}

/**
 * The result of `/readyz`. A process that is stopping accepts nothing new, whatever it can reach. A process whose file
 * store is full accepts no upload, but polls, packages and pages need no space, and no other process could serve them
 * better.
 */
export async function readinessOf(check: HealthCheck, isDraining: () => boolean): Promise<Readiness> {
  const checks = await check();
  const isReady = checks.database && checks.queue && checks.files && !isDraining();
  const status = isDraining() ? 'stopping' : isReady ? 'ready' : 'not ready';
  const can = { read: checks.database && checks.files, receive: isReady && checks.room };
  return { isReady, body: { status, checks, can } };
}

/**
 * Null: it works; else why not. Anyone may ask: those who ask while a look is in progress share what it finds, also one
 * that hangs. A second one would only hang beside it, on one more connection or one more of the few threads that read
 * files.
 */
function createProbe(look: () => Promise<unknown>, patienceMs: number): () => Promise<unknown> {
  let underWay: Promise<unknown> | null = null;
  return async () => {
    underWay ??= look().finally(() => {
      underWay = null;
    });
    try {
      await within(patienceMs, 'a look', underWay);
      return null;
    } catch (error) {
      return error ?? new Error('it failed');
    }
  };
}
