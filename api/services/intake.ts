import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ArchiveArrival } from '../../shared/archive/archive-arrival';
import { unpackArchive, type UnpackLimits } from '../../shared/archive/unpack';
import { packageFileKindOf } from '../../shared/catalog/package-files';
import type { StoreAccess } from '../../shared/stores/store-access';
import type { ChannelKey } from '../../shared/domain/channel';
import { noOrigin, type Origin } from '../../shared/domain/origin';
import {
  digestMismatch,
  idempotencyKeyReused,
  unavailable,
  uploadGivenUp,
  wrongStatus,
} from '../../shared/errors/catalog';
import type { FileStore, WriteBatch } from '../../shared/files/file-store';
import { archiveKeyOf, unpackedPrefixOf, uploadPrefixOf } from '../../shared/files/layout';
import type { Logger } from '../../shared/log';
import type { JobQueue } from '../../shared/queue/job-queue';
import { type Lane, laneOfPackage } from '../../shared/domain/job-kind';
import type { JobStore } from '../../shared/stores/jobs/job-store';
import type { LogBookStore } from '../../shared/stores/logs/log-book-store';
import type { LogMarkStore } from '../../shared/stores/logs/log-mark-store';
import type { AuditStore } from '../../shared/stores/staff/audit-store';
import type { QuarantineStore } from '../../shared/stores/syncs/quarantine-store';
import type { SolutionStore } from '../../shared/stores/solutions/solution-store';
import type { StatusStore } from '../../shared/stores/syncs/status-store';
import type { ReceivedArchive, SyncSteps } from '../../shared/stores/syncs/sync-steps';
import type { Sync, SyncStore } from '../../shared/stores/syncs/sync-store';
import { inSpan, type Span, type Tracer } from '../../shared/tracing';
import { readUpTo, readWhole, watchArchive } from './archive-body';
import type { PollAdvice } from './poll-advice';
import type { QuotaService } from './quotas';
import type { StatutBoard } from './statut-board';
import type { Traffic } from './traffic';
import { createTurns, type Leave } from './turns';

/** The work of a replay by staff, in the transaction that queues it. */
export interface ReplayStores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly logBooks: Pick<LogBookStore, 'askCheck'>;
  readonly logMarks: Pick<LogMarkStore, 'acceptUpTo'>;
  readonly quarantine: Pick<QuarantineStore, 'decide'>;
  readonly syncs: Pick<SyncStore, 'addEvent'>;
}

interface Stores extends ReplayStores {
  readonly jobs: Pick<JobStore, 'add' | 'markPublished'>;
  readonly solutions: Pick<SolutionStore, 'noteDevice'>;
  readonly statuses: Pick<StatusStore, 'claim' | 'claimWithinQuota' | 'read' | 'release'>;
  readonly syncSteps: Pick<SyncSteps, 'queue'>;
  readonly syncs: SyncStore;
}

interface Deps extends StoreAccess<Stores> {
  readonly files: FileStore;
  readonly queue: Pick<JobQueue, 'publish' | 'isUp' | 'isInDatabase'>;
  readonly board: Pick<StatutBoard, 'learn' | 'refresh'>;
  readonly log: Logger;
  readonly advice: Pick<PollAdvice, 'needRoom'>;
  readonly quotas: Pick<QuotaService, 'needRoomOnDisk' | 'claim' | 'countUnannounced' | 'told'>;
  readonly limits: UnpackLimits & { readonly maxArchiveBytes: number; readonly largePackageBytes: number };
  readonly uploadIdleSeconds: number;
  readonly traffic: Pick<Traffic, 'uploadTaken'>;
  readonly tracer: Pick<Tracer, 'start'>;
  /** True once this process is stopping and accepts nothing new. */
  readonly isDraining: () => boolean;
}

/** An archive that is being received. Exactly one of `refuse` and `complete` ends it. */
export interface Reception {
  readonly syncId: string;
  /** Takes the archive's bytes. Throws `too-large`. */
  readonly store: (body: Readable) => Promise<void>;
  /** Takes an archive that is in the file store already. */
  readonly adopt: (archiveKey: string) => Promise<void>;
  /**
   * Checks, unpacks and queues. Returns the sync that the upload began, or began before under the same key. `replay`:
   * staff send it, not the solution, so it honours no flag; what it does is in the transaction that queues. Throws
   * `digest-mismatch`, `not-a-zip`, `bad-archive`, `idempotency-key-reused`.
   */
  complete(expectedSha256: string | null, replay?: Replay): Promise<{ syncId: string }>;
  /** Leaves the channel as it was before. */
  readonly refuse: () => Promise<void>;
}

interface StoredArchive {
  readonly archiveKey: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly arrival: ArchiveArrival;
  /** The archive itself, where it is small. */
  readonly held: Buffer | null;
}

/**
 * Whether an upload counts against the quotas of its solution. A replay by staff does not. `announcedBytes` null: the
 * length was not announced, so it is counted when it is complete.
 */
export type Counting = 'not-counted' | { readonly announcedBytes: number | null };

const isUnannounced = (counting: Counting): boolean =>
  counting !== 'not-counted' && counting.announcedBytes === null;

/** Small uploads take turns. A large one takes its time on the network, so nobody should wait for it. */
const smallUploadBytes = 1_000_000;
const takesTurns = (counting: Counting): boolean =>
  counting !== 'not-counted' &&
  counting.announcedBytes !== null &&
  counting.announcedBytes <= smallUploadBytes;

export type Replay = (stores: ReplayStores) => Promise<void>;

export type IntakeService = ReturnType<typeof createIntakeService>;

/** Takes uploads in: claim the channel, store, unpack, queue. Source: ePack V4, POST /v4/{channel}/datas. */
export function createIntakeService(deps: Deps) {
  const { stores, transaction, files, limits } = deps;
  // A file that was sent with little compression may shrink a thousandfold when we compress it.
  const replayLimits = { ...limits, maxRatio: Infinity, maxArchiveRatio: Infinity };
  const underway = new Set<Promise<void>>();
  // Each of thousands that arrive together is soon queued once its status is 1. The others wait at status 0.
  const turns = createTurns({ most: 32, longestMs: 5_000, patienceMs: 10_000 });

  return {
    /**
     * Before the body is read. Throws `wrong-status`; `too-many-requests` and `too-large` beyond a quota; `unavailable`
     * while the queue is away, while too many uploads wait, or while this process stops.
     */
    async begin(
      key: ChannelKey,
      idempotencyKey: string | null,
      origin: Origin = noOrigin,
      counting: Counting = 'not-counted',
    ): Promise<Reception> {
      if (origin.device !== null) await stores.solutions.noteDevice(key.solutionId, origin.device);
      const first =
        idempotencyKey === null ? null : await stores.syncs.findByIdempotencyKey(key, idempotencyKey);
      if (first !== null && first.state !== 'receiving') return repeatedReception(first);
      const leave = takesTurns(counting) ? await turns.take(key.solutionId) : () => undefined;
      try {
        await needRoom(key, counting);
        const syncId = randomUUID();
        await claim(key, syncId, idempotencyKey, counting);
        return newReception(key, syncId, origin, { counting, leave });
      } catch (error) {
        leave();
        throw error;
      }
    },

    /** Resolves once every archive that was being received is accepted or refused. */
    async settled(): Promise<void> {
      // An upload that ends still has a message to send. That is awaited as well.
      while (underway.size > 0) await Promise.all(underway);
    },

    /** The sync that this file of the store is the upload of. */
    syncOf: async (archiveKey: string): Promise<string | null> =>
      (await stores.syncs.findByArchive(archiveKey))?.id ?? null,

    /** Those of the files that are the upload of a sync. */
    archivesAmong: (keys: readonly string[]): Promise<Set<string>> => stores.syncs.archivesAmong(keys),
  };

  /** Throws `unavailable`, `too-many-requests`. */
  async function needRoom({ solutionId }: ChannelKey, counting: Counting): Promise<void> {
    if (deps.isDraining()) throw unavailable('server');
    if (!deps.queue.isUp()) throw unavailable('queue');
    if (counting === 'not-counted') return;
    deps.advice.needRoom(solutionId);
    await deps.quotas.needRoomOnDisk(solutionId);
  }

  /** The first response again, if the archive is the same. */
  function repeatedReception(first: Sync): Reception {
    let sha256: string | null = null;
    return {
      syncId: first.id,
      store: async (body) => {
        ({ sha256 } = await readWhole(readUpTo(body, limits.maxArchiveBytes)));
      },
      adopt: async (archiveKey) => {
        ({ sha256 } = await readWhole(await files.read(archiveKey)));
      },
      complete: (expectedSha256) => {
        if (expectedSha256 !== null && expectedSha256 !== sha256) return Promise.reject(digestMismatch());
        if (sha256 !== first.archiveSha256) return Promise.reject(idempotencyKeyReused());
        return Promise.resolve({ syncId: first.id });
      },
      refuse: () => Promise.resolve(),
    };
  }

  function newReception(
    key: ChannelKey,
    syncId: string,
    origin: Origin,
    { counting, leave }: { readonly counting: Counting; readonly leave: Leave },
  ): Reception {
    let stored: StoredArchive | null = null;
    const span = startSpan(key, syncId, origin);
    const ended = begun(leave);
    const inPart = <T>(name: string, work: () => Promise<T>) =>
      inSpan(deps.tracer, name, span.traceparent, work);
    // The archive is written to disk while it is unpacked. Both are durable before the response.
    const batch = files.startBatch();
    return {
      syncId,
      store: async (body) => {
        stored = await inPart('store', () => storeArchive(syncId, body, batch));
      },
      adopt: async (archiveKey) => {
        stored = await inPart('store', () => readStored(syncId, archiveKey));
      },
      complete: async (expectedSha256, replay) => {
        if (stored === null) throw new Error('complete() before the archive');
        if (expectedSha256 !== null && expectedSha256 !== stored.sha256) throw digestMismatch();
        const archive = stored;
        if (isUnannounced(counting)) await deps.quotas.countUnannounced(key.solutionId, archive.bytes);
        const allowed = replay === undefined ? limits : replayLimits;
        const received = await inPart('unpack', () => unpack(key, syncId, { archive, batch, allowed }));
        const asked = { ...origin, traceparent: span.traceparent };
        await inPart('queue', () => queue(key, syncId, received, { replay, origin: asked }));
        deps.traffic.uploadTaken(key.channel, received.archiveBytes);
        span.end();
        ended();
        return { syncId };
      },
      refuse: async () => {
        span.end(new Error('refused'));
        await refuse(key, syncId).finally(ended);
      },
    };
  }

  /** Returns the function to call at its end. */
  function begun(leave: Leave = () => undefined): () => void {
    let end = () => {};
    const whole = new Promise<void>((resolve) => (end = resolve));
    underway.add(whole);
    return () => {
      leave();
      underway.delete(whole);
      end();
    };
  }

  function startSpan(key: ChannelKey, syncId: string, { requestId, traceparent }: Origin): Span {
    return deps.tracer.start('upload', traceparent, {
      'epack.sync': syncId,
      'epack.solution': key.solutionId,
      'epack.channel': key.channel,
      ...(requestId === null ? {} : { 'epack.request': requestId }),
    });
  }

  /** The race of two uploads is decided by the one statement that claims the channel; it counts the upload as well. */
  async function claim(
    key: ChannelKey,
    syncId: string,
    idempotencyKey: string | null,
    counting: Counting,
  ): Promise<void> {
    const upload = { syncId, idempotencyKey, receivingSeconds: receivingSeconds() };
    const claimBy = async (by: Pick<Stores, 'statuses'>) => {
      const revision =
        counting === 'not-counted'
          ? await by.statuses.claim(key, upload)
          : await deps.quotas.claim(by, key, upload, counting.announcedBytes);
      if (revision !== null) return revision;
      const now = await by.statuses.read(key);
      throw wrongStatus(now?.statut ?? 1, 0);
    };
    const claimed =
      idempotencyKey === null
        ? claimBy(stores)
        : transaction(async (stores) => {
            await stores.syncs.forgetOldKey(key, idempotencyKey);
            return claimBy(stores);
          });
    const revision = await claimed.catch((error: unknown) => deps.quotas.told(key.solutionId, error));
    deps.board.learn(key, { statut: 1, syncId, revision });
  }

  /** How long after its last sign of life an upload counts as dead. It is less than a minute. */
  function receivingSeconds(): number {
    return deps.uploadIdleSeconds + 5;
  }

  async function storeArchive(syncId: string, body: Readable, batch: WriteBatch): Promise<StoredArchive> {
    const archiveKey = archiveKeyOf(syncId);
    const watch = watchArchive();
    const content = readUpTo(body, limits.maxArchiveBytes, watch.see);
    await whileReceiving(syncId, () => batch.write(archiveKey, content));
    return { archiveKey, ...watch.whole() };
  }

  async function readStored(syncId: string, archiveKey: string): Promise<StoredArchive> {
    const whole = await whileReceiving(syncId, async () => readWhole(await files.read(archiveKey)));
    return { archiveKey, ...whole };
  }

  async function unpack(
    { channel }: ChannelKey,
    syncId: string,
    { archive, batch, allowed }: { archive: StoredArchive; batch: WriteBatch; allowed: UnpackLimits },
  ): Promise<ReceivedArchive> {
    const { archiveKey, sha256, bytes, arrival, held } = archive;
    const isRead = (name: string) => packageFileKindOf(name, channel).kind !== 'ignored';
    const { unpackedBytes } = await whileReceiving(syncId, () =>
      unpackArchive(files, { archiveKey, targetPrefix: unpackedPrefixOf(syncId) }, allowed, {
        batch,
        arrival,
        held,
        isRead,
      }),
    );
    return { archiveKey, archiveSha256: sha256, archiveBytes: bytes, unpackedBytes };
  }

  /**
   * The sync and its job are written in one transaction. The message after it may be lost: the relay then sends
   * another.
   */
  async function queue(
    key: ChannelKey,
    syncId: string,
    received: ReceivedArchive,
    { replay, origin }: { replay: Replay | undefined; origin: Origin },
  ): Promise<void> {
    const lane = laneOfPackage(received.unpackedBytes, limits.largePackageBytes);
    const { requestId, traceparent } = origin;
    const withMessage = deps.queue.isInDatabase;
    const asked = { requestId, traceparent, lane, honoursFlags: replay === undefined, withMessage };
    const queueBy = ({ syncSteps }: Pick<Stores, 'syncSteps'>) =>
      syncSteps.queue(key, syncId, received, asked);
    const jobId =
      replay === undefined
        ? await queueBy(stores)
        : await transaction(async (stores) => {
            const queued = await queueBy(stores);
            if (queued !== null) await replay(stores);
            return queued;
          });
    if (jobId === null) throw uploadGivenUp();
    if (!withMessage) tell(jobId, lane, { ...key, syncId, requestId });
  }

  /** The message is not awaited, because only the row of the job matters. */
  function tell(jobId: string, lane: Lane, told: object): void {
    const end = begun();
    deps.queue
      .publish(lane, { version: 1, jobId })
      .then(() => stores.jobs.markPublished([jobId]))
      .catch((error: unknown) => {
        deps.log.warn({ err: error, jobId, ...told }, 'message not published; the relay will');
      })
      .finally(end);
  }

  /** The watchdog does the same for an upload whose process died. */
  async function refuse(key: ChannelKey, syncId: string): Promise<void> {
    await transaction(async (stores) => {
      if (await stores.syncs.removeReceiving(syncId)) await stores.statuses.release(key, syncId);
    });
    await deps.board.refresh(key);
    // The error may only concern the response to a successful commit. The files then belong to a sync.
    if ((await stores.syncs.find(syncId)) === null) await files.remove(uploadPrefixOf(syncId));
  }

  async function whileReceiving<T>(syncId: string, work: () => Promise<T>): Promise<T> {
    const beat = setInterval(() => {
      stores.syncs.keepReceiving(syncId, receivingSeconds()).catch((error: unknown) => {
        deps.log.warn({ err: error, syncId }, 'upload could not say that it is alive');
      });
    }, 5_000);
    try {
      return await work();
    } finally {
      clearInterval(beat);
    }
  }
}
