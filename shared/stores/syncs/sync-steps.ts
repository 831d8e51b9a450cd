import { handshakeFlags, oneWayFlags } from '../../catalog/special-syncs';
import type { Db } from '../../db/database';
import { jobLockKey, jobLocks } from '../../db/job-lock';
import { inLockOrder, lockLogSql } from '../../db/log-lock';
import { commitsLazily, prepared } from '../../db/prepared';
import { messagesOf, tellOfMessages } from '../../db/queue-message';
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

/** The data of a channel that the handshake needs. */
export interface Asked {
  readonly statut: Statut;
  /** The flags that the channel's current or next sync must honour. */
  readonly flags: readonly Flag[];
}

export interface AskedIds extends Asked {
  /** By table in PostgreSQL, as decimal texts. */
  readonly highestIds: Readonly<Record<string, string>>;
}

/** An instruction package in the file store. */
export interface PackageAtHand {
  readonly syncId: string;
  readonly packageKey: string | null;
  /** Hex. */
  readonly packageSha256: string | null;
  readonly packageBytes: number | null;
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
  /** The message is sent in the same statement, because the queue is in PostgreSQL. */
  readonly withMessage: boolean;
}

/** The job of a sync, as the worker that holds it knows it. */
export interface HeldSync extends ChannelKey {
  readonly id: string;
  readonly fence: number;
  readonly syncId: string;
}

/** The data that the worker has at the beginning of processing. */
export interface Begun {
  /** False: the previous holder of the job is still in its transaction. The logs are not locked either. */
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
    /** Records that the solution asks for the highest ids, by which it chooses what to send. Null: there is no such channel. */
    async askIds(key: ChannelKey): Promise<AskedIds | null> {
      const [asked] = await askIds(db, { ...key });
      return asked ?? null;
    },

    /** Null: there is no such channel. */
    async askParameters(key: ChannelKey): Promise<Asked | null> {
      const [asked] = await askParameters(db, { ...key });
      return asked ?? null;
    },

    /**
     * The upload is complete: this queues its sync for a worker, with its flags and its job. If the solution chose what
     * to send before it was told about a flag that asks for more, the flag waits for the next sync. `honoursFlags`
     * false: staff process the upload again. Returns the job's id; null: the upload was given up meanwhile.
     */
    async queue(
      key: ChannelKey,
      syncId: string,
      received: ReceivedArchive,
      { lane, honoursFlags, withMessage, requestId, traceparent }: QueuedAs,
    ): Promise<string | null> {
      const [queued] = await queueSync(db, {
        ...key,
        syncId,
        ...received,
        lane,
        honoursFlags,
        withMessage,
        requestId,
        traceparent,
        handshakeFlags,
        oneWayFlags,
      });
      return queued?.id ?? null;
    },

    /**
     * The first statement of the transaction that processes a sync. Together with the job it locks the logs that the
     * upload adds to. `logs`: their names in PostgreSQL.
     */
    async begin(job: HeldSync, logs: readonly string[]): Promise<Begun> {
      const { id, syncId, solutionId, channel } = job;
      const lockKey = jobLockKey(id);
      const [row] = await beginSync(db, { lockKey, syncId, solutionId, channel, logs: inLockOrder(logs) });
      if (row === undefined) throw new Error('select returned no row');
      return row;
    },

    /**
     * The sync is processed, its package is ready and its job is done. False: another worker has the job now, or the
     * sync was reset; the transaction is aborted then, so that this may be sent together with its COMMIT.
     */
    async end(job: HeldSync, state: 'ready' | 'failed', { report, why, written }: Outcome): Promise<boolean> {
      const { from, to } = statutMoves.packageReady;
      return endSync(db, {
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
      }).then(
        () => true,
        (error: unknown) => {
          if (isRefusedEnd(error)) return false;
          throw error;
        },
      );
    },

    /** The package of a channel with status 2; else the status of the channel; null: there is no such channel. */
    async packageAtHand(key: ChannelKey): Promise<PackageAtHand | Statut | null> {
      const [row] = await packageAtHand(db, { ...key });
      if (row === undefined) return null;
      const { statut, ...atHand } = row;
      return statut === 2 && atHand.syncId !== null ? { ...atHand, syncId: atHand.syncId } : statut;
    },

    /**
     * Confirms the package that is ready, in one statement, if it contained no instructions, replacements or flags. That is
     * the case for nearly every sync. `syncId` null: the package that is ready, whichever it is. `download`: a download
     * that is to be recorded as well, if it is of the same package. Returns null, and changes nothing, if the package
     * cannot be confirmed so.
     */
    async confirmPlain(
      key: ChannelKey,
      syncId: string | null,
      download: { readonly syncId: string; readonly secondsAgo: number } | null = null,
    ): Promise<{ readonly syncId: string; readonly revision: number } | null> {
      const { from, to } = statutMoves.confirmed;
      const downloaded = {
        downloadedId: download?.syncId ?? null,
        downloadedSecondsAgo: download?.secondsAgo ?? null,
      };
      const [row] = await confirmPlain(db, { ...key, ...downloaded, syncId, from, to });
      return row === undefined ? null : { syncId: row.syncId, revision: Number(row.revision) };
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

type ChannelBindings = Readonly<Record<keyof ChannelKey, string | number>>;
type ConfirmBindings = ChannelBindings &
  Readonly<Record<'from' | 'to', Statut>> & {
    readonly syncId: string | null;
    readonly downloadedId: string | null;
    readonly downloadedSecondsAgo: number | null;
  };
type BeginBindings = ChannelBindings & {
  readonly lockKey: number;
  readonly syncId: string;
  readonly logs: readonly string[];
};
type QueueBindings = ChannelBindings &
  ReceivedArchive &
  QueuedAs &
  Readonly<Record<'handshakeFlags' | 'oneWayFlags', readonly Flag[]>> & { readonly syncId: string };
type EndBindings = ChannelBindings &
  WrittenPackage &
  ReturnType<typeof reasonColumns> &
  Readonly<Record<'from' | 'to', Statut>> &
  Readonly<Record<'syncId' | 'jobId' | 'state' | 'report', string>> & { readonly fence: number };

/** SQL for an array of the flags that the channel's current or next sync must honour. */
const flagsOfChannel =
  'array(select flag from solution_flag where solution_id = :solutionId and channel = :channel order by flag)';

/**
 * Its commit does not wait for the disk. The time only matters if a flag is set after it, and that commit writes all
 * earlier ones to the disk as well.
 */
const askIds = prepared<AskedIds, ChannelBindings>(
  'ask_ids',
  `with asked as (
     update channel_status set ids_asked_at = now()
     where solution_id = :solutionId and channel = :channel and ${commitsLazily} returning statut
   )
   select statut, ${flagsOfChannel} as flags, coalesce((select jsonb_object_agg(table_name, highest_id::text)
     from log_mark where solution_id = :solutionId), '{}') as "highestIds"
   from asked`,
);

const askParameters = prepared<Asked, ChannelBindings>(
  'ask_parameters',
  `select statut, ${flagsOfChannel} as flags from channel_status where solution_id = :solutionId and channel = :channel`,
);

const queueSync = prepared<{ id: string }, QueueBindings>(
  'queue_sync',
  `
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
  ), made as (
    insert into job (sync_id, lane, request_id, traceparent, published_at)
    select id, cast(:lane as text), cast(:requestId as text), cast(:traceparent as text), case when :withMessage then now() end from queued returning id, lane
  ), sent as (${messagesOf('select id, lane from made where :withMessage')})
  select id, (${tellOfMessages('sent')}) from made`,
);

const beginSync = prepared<Begun, BeginBindings>(
  'begin_sync',
  `with job_lock as materialized (select pg_try_advisory_xact_lock(${jobLocks}, :lockKey) as is_taken)
   select is_taken as "isTaken", case when is_taken then (
       select count(${lockLogSql('name', ':solutionId')}) from unnest(cast(:logs as text[])) as name
     ) end,
     array(select flag from solution_flag where sync_id = :syncId order by flag) as flags,
     exists (select from replacement_due where solution_id = :solutionId and channel = :channel) as "hasReplacements"
   from job_lock`,
);

/** now() would be the start of the transaction, which may be minutes ago. */
const endSync = prepared<unknown, EndBindings>(
  'end_sync',
  `
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
  ), done as (
    update job set state = 'done', lease_until = null, finished_at = now()
    where id = :jobId and fence = :fence and state = 'running' and sync_id = (select sync_id from moved)
    returning id
  )
  select case when not exists (select from done) then refuse_end_of_sync() end`,
);

/** The error of the function `refuse_end_of_sync`. */
const isRefusedEnd = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPEND';

const packageAtHand = prepared<Nullable<PackageAtHand> & { statut: Statut }, ChannelBindings>(
  'package_at_hand',
  `select c.statut, s.id as "syncId", s.package_key as "packageKey", s.package_sha256 as "packageSha256",
     s.package_bytes::float8 as "packageBytes"
   from channel_status c left join sync s on s.id = c.sync_id
   where c.solution_id = :solutionId and c.channel = :channel`,
);

type Nullable<T> = { readonly [Name in keyof T]: T[Name] | null };

/**
 * Every change of a sync's state locks its row. If another transaction was faster, the state is read again after the wait,
 * does not match any more, and nothing is changed.
 */
const confirmPlain = prepared<{ syncId: string; revision: string }, ConfirmBindings>(
  'confirm_plain',
  `with at_hand as materialized (
     select s.id from channel_status c join sync s on s.id = c.sync_id
     where c.solution_id = :solutionId and c.channel = :channel and c.statut = :from
       and (cast(:syncId as uuid) is null or c.sync_id = :syncId) and s.state in ('ready', 'failed')
       and not exists (select from instruction i where i.sync_id = c.sync_id)
       and not exists (select from replacement_due due where due.told_in = c.sync_id)
       and not exists (select from solution_flag f where f.sync_id = c.sync_id)
     for no key update of s
   ), confirmed as (
     update sync set state = 'confirmed', confirmed_at = now(), downloaded_at = case
       when sync.id = cast(:downloadedId as uuid)
       then coalesce(downloaded_at, now() - make_interval(secs => cast(:downloadedSecondsAgo as float8)))
       else downloaded_at end
     from at_hand where sync.id = at_hand.id returning sync.id
   )
   update channel_status set statut = :to
   where solution_id = :solutionId and channel = :channel and statut = :from and sync_id = (select id from confirmed)
   returning sync_id as "syncId", revision`,
);
