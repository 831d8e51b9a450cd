import { handshakeFlags, oneWayFlags } from '../../catalog/special-syncs';
import type { Db } from '../../db/database';
import { jobLockKey, jobLocks } from '../../db/job-lock';
import type { ChannelKey } from '../../domain/channel';
import type { Flag } from '../../domain/flag';
import type { Lane } from '../../domain/job-kind';
import type { Origin } from '../../domain/origin';
import type { Reason } from '../../domain/reason';
import type { SyncReport } from '../../domain/report';
import { type Statut, statutMoves } from '../../domain/statut';
import { reasonColumns } from '../../formats/stored-reason';

export interface ReceivedArchive {
  readonly archiveKey: string;
  readonly archiveSha256: string;
  readonly archiveBytes: number;
  readonly unpackedBytes: number;
}

export interface WrittenPackage {
  readonly packageKey: string;
  readonly packageSha256: string;
  readonly packageBytes: number;
}

/** The result of a sync. */
export interface Outcome {
  readonly report: SyncReport;
  /** The `reason` of the report as code and values, for any language. */
  readonly why: Reason | null;
  readonly written: WrittenPackage;
}

export interface QueuedAs extends Pick<Origin, 'requestId' | 'traceparent'> {
  readonly lane: Lane;
  readonly honoursFlags: boolean;
}

/** The job of a sync, as the worker that holds it knows it. */
export interface HeldSync extends ChannelKey {
  readonly id: string;
  readonly fence: number;
  readonly syncId: string;
}

/** What the worker knows at the beginning of processing. */
export interface Begun {
  /** False: the previous holder of the job is still in its transaction. */
  readonly isTaken: boolean;
  /** The flags that the sync carries out. */
  readonly flags: readonly Flag[];
  /** Whether whole classes or tables wait to be sent on the channel. */
  readonly hasReplacements: boolean;
}

/** A package that its solution is about to confirm. */
export interface AtHand {
  readonly statut: Statut;
  readonly syncId: string | null;
  /**
   * Whether the package has instructions that must be settled: about parameters, as a whole class or table, or because
   * of a flag.
   */
  readonly hasInstructions: boolean;
  readonly hasReplacements: boolean;
  readonly hasFlags: boolean;
}

export type SyncSteps = ReturnType<typeof createSyncSteps>;

/**
 * The steps in the life of a sync, each one statement over the rows that it moves: of the sync, of the status of its channel,
 * of its flags and of its job, always locked in this order. Every upload takes all of these steps, and a round trip costs
 * more than what it does.
 */
export function createSyncSteps(db: Db) {
  return {
    /**
     * The upload is complete: this queues its sync for a worker, with its flags and its job. If the solution chose what
     * to send before it was told about a flag that asks for more, the flag waits for the next sync. `honoursFlags`
     * false: staff process the upload again. Returns the job's id; null: the upload was given up meanwhile.
     */
    async queue(
      key: ChannelKey,
      syncId: string,
      received: ReceivedArchive,
      { lane, honoursFlags, requestId, traceparent }: QueuedAs,
    ): Promise<string | null> {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(queueSql, {
        ...key,
        syncId,
        ...received,
        lane,
        honoursFlags,
        requestId,
        traceparent,
        handshakeFlags: [...handshakeFlags],
        oneWayFlags: [...oneWayFlags],
      });
      return rows[0]?.id ?? null;
    },

    /** The first statement of the transaction that processes a sync. */
    async begin(job: HeldSync): Promise<Begun> {
      const { rows } = await db.raw<{ rows: Begun[] }>(
        `select pg_try_advisory_xact_lock(${jobLocks}, :lockKey) as "isTaken",
           array(select flag from solution_flag where sync_id = :syncId order by flag) as flags,
           exists (select from replacement_due where solution_id = :solutionId and channel = :channel) as "hasReplacements"`,
        { lockKey: jobLockKey(job.id), syncId: job.syncId, solutionId: job.solutionId, channel: job.channel },
      );
      const [row] = rows;
      if (row === undefined) throw new Error('select returned no row');
      return row;
    },

    /**
     * The sync is processed, its package is ready and its job is done. False: another worker has the job now, or the
     * sync was reset.
     */
    async end(job: HeldSync, state: 'ready' | 'failed', { report, why, written }: Outcome): Promise<boolean> {
      const { from, to } = statutMoves.packageReady;
      const { rows } = await db.raw<{ rows: unknown[] }>(endSql, {
        ...written,
        syncId: job.syncId,
        solutionId: job.solutionId,
        channel: job.channel,
        jobId: job.id,
        fence: job.fence,
        state,
        report: JSON.stringify(report),
        ...reasonColumns(why),
        from,
        to,
      });
      return rows.length === 1;
    },

    /**
     * The package that the channel has ready, for a transaction that has locked its sync. Null: there is no such
     * channel.
     */
    async atHand(key: ChannelKey): Promise<AtHand | null> {
      const { rows } = await db.raw<{ rows: AtHand[] }>(
        `select statut, sync_id as "syncId",
           exists (select from instruction i where i.sync_id = c.sync_id) as "hasInstructions",
           exists (select from replacement_due due where due.told_in = c.sync_id) as "hasReplacements",
           exists (select from solution_flag f where f.sync_id = c.sync_id) as "hasFlags"
         from channel_status c where solution_id = :solutionId and channel = :channel for no key update of c`,
        { ...key },
      );
      return rows[0] ?? null;
    },

    /**
     * The solution has confirmed the package: the channel is free. Returns the revision of its status. Null: the
     * package is no longer the current one.
     */
    async confirm(key: ChannelKey, syncId: string): Promise<number | null> {
      const { from, to } = statutMoves.confirmed;
      const { rows } = await db.raw<{ rows: { revision: string }[] }>(
        `with confirmed as (
           update sync set state = 'confirmed', confirmed_at = now() where id = :syncId returning id
         )
         update channel_status set statut = :to
         where solution_id = :solutionId and channel = :channel and statut = :from and sync_id = (select id from confirmed)
         returning revision`,
        { ...key, syncId, from, to },
      );
      const [row] = rows;
      return row === undefined ? null : Number(row.revision);
    },
  };
}

const queueSql = `
  with queued as (
    update sync set state = 'queued', queued_at = now(), receiving_until = null, archive_key = :archiveKey,
      archive_sha256 = :archiveSha256, archive_bytes = :archiveBytes, unpacked_bytes = :unpackedBytes
    where id = :syncId and state = 'receiving'
    returning id
  ), honoured as (
    update solution_flag set sync_id = queued.id
    from queued
    where solution_id = :solutionId and channel = :channel and sync_id is null and :honoursFlags
      and (flag <> all(:handshakeFlags) or answered_at is not null or flag = any(:oneWayFlags) and not exists (
        select from channel_status asked
        where asked.solution_id = :solutionId and asked.channel = :channel
          and asked.ids_asked_at > coalesce(asked.finished_at, '-infinity')))
  )
  insert into job (sync_id, lane, request_id, traceparent)
  select id, :lane, :requestId, :traceparent from queued returning id`;

/** now() would be the start of the transaction, which may be minutes ago. */
const endSql = `
  with processed as (
    update sync set state = :state, processed_at = clock_timestamp(), report = :report, reason_code = :reason_code,
      reason_values = cast(:reason_values as jsonb), package_key = :packageKey,
      package_sha256 = :packageSha256, package_bytes = :packageBytes
    where id = :syncId and state in ('queued', 'processing')
    returning id
  ), moved as (
    update channel_status set statut = :to
    where solution_id = :solutionId and channel = :channel and statut = :from and sync_id = (select id from processed)
    returning sync_id
  )
  update job set state = 'done', lease_until = null, finished_at = now()
  where id = :jobId and fence = :fence and state = 'running' and sync_id = (select sync_id from moved)
  returning id`;
