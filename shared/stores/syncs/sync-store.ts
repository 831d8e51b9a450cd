import type { Channel, ChannelKey } from '../../domain/channel';
import type { Reason } from '../../domain/reason';
import type { SyncReport } from '../../domain/report';
import type { SyncState } from '../../domain/sync-state';
import { reasonColumns } from '../../formats/stored-reason';
import type { Db } from '../../db/database';
import { commitsLazily, prepared } from '../../db/prepared';

export interface Sync {
  readonly id: string;
  readonly solutionId: number;
  readonly channel: Channel;
  readonly state: SyncState;
  readonly receivedAt: Date;
  readonly processedAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly attempts: number;
  /** The upload in the file store. */
  readonly archiveKey: string | null;
  /** Hex. */
  readonly archiveSha256: string | null;
  /** The instruction package in the file store. */
  readonly packageKey: string | null;
  readonly packageSha256: string | null;
  readonly packageBytes: number | null;
  readonly report: SyncReport | null;
}

interface Row {
  idempotency_key: string | null;
  id: string;
  solution_id: number;
  channel: Channel;
  state: SyncState;
  received_at: Date;
  processed_at: Date | null;
  confirmed_at: Date | null;
  attempts: number;
  archive_key: string | null;
  archive_sha256: string | null;
  package_key: string | null;
  package_sha256: string | null;
  package_bytes: string | null;
  report: SyncReport | null;
}

const columns = [
  'id',
  'solution_id',
  'channel',
  'state',
  'received_at',
  'processed_at',
  'confirmed_at',
  'attempts',
  'archive_key',
  'archive_sha256',
  'package_key',
  'package_sha256',
  'package_bytes',
  'report',
] as const;

/** The data of an upload that processing needs. */
export interface UnpackedUpload {
  readonly syncId: string;
  readonly solutionId: number;
  readonly channel: Channel;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  /** Its key in the file store. */
  readonly archiveKey: string;
}

interface UploadRow {
  id: string;
  solution_id: number;
  channel: Channel;
  archive_key: string;
  timezone: string;
}

const uploadFrom = (row: UploadRow): UnpackedUpload => ({
  syncId: row.id,
  solutionId: row.solution_id,
  channel: row.channel,
  timezone: row.timezone,
  archiveKey: row.archive_key,
});

export type SyncStore = ReturnType<typeof createSyncStore>;

export function createSyncStore(db: Db) {
  const inSeconds = (seconds: number) => db.raw(`now() + make_interval(secs => ?)`, [seconds]);

  return {
    async find(id: string): Promise<Sync | null> {
      const row = await db<Row>('sync')
        .where({ id })
        .first(...columns);
      return row === undefined ? null : syncFrom(row);
    },

    /** Returns what processing needs. Null: there is no upload with this id, or it is not complete yet. */
    async upload(id: string): Promise<UnpackedUpload | null> {
      const result = await db.raw<{ rows: UploadRow[] }>(
        `select sync.id, sync.solution_id, sync.channel, sync.archive_key, solution.timezone
         from sync join solution on solution.id = sync.solution_id
         where cast(sync.id as text) = ? and sync.archive_key is not null`,
        [id.toLowerCase()],
      );
      const row = result.rows[0];
      return row === undefined ? null : uploadFrom(row);
    },

    /** The sync in progress, or else the last one. */
    async latest(key: ChannelKey): Promise<Sync | null> {
      const row = await db<Row>('sync')
        .where(where(key))
        .orderBy('received_at', 'desc')
        .first(...columns);
      return row === undefined ? null : syncFrom(row);
    },

    /** Nobody else may change the channel's sync before the transaction ends. Sync, status, job: always in this order. */
    async lockCurrent(key: ChannelKey): Promise<void> {
      await db.raw(
        `select from channel_status c join sync s on s.id = c.sync_id
         where c.solution_id = :solutionId and c.channel = :channel for no key update of s`,
        { solutionId: key.solutionId, channel: key.channel },
      );
    },

    async lastConfirmedId(key: ChannelKey): Promise<string | null> {
      const row = await db<Row>('sync')
        .where({ ...where(key), state: 'confirmed' })
        .orderBy('confirmed_at', 'desc')
        .first('id');
      return row?.id ?? null;
    },

    /** The sync that an upload with this key began within the last 24 hours. */
    async findByIdempotencyKey(key: ChannelKey, idempotencyKey: string): Promise<Sync | null> {
      const row = await db<Row>('sync')
        .where({ ...where(key), idempotency_key: idempotencyKey })
        .andWhereRaw(`received_at > now() - interval '24 hours'`)
        .first(...columns);
      return row === undefined ? null : syncFrom(row);
    },

    /** A key is valid for 24 hours. After that, it may be used again. */
    async forgetOldKey(key: ChannelKey, idempotencyKey: string): Promise<void> {
      await db('sync')
        .where({ ...where(key), idempotency_key: idempotencyKey })
        .andWhereRaw(`received_at <= now() - interval '24 hours'`)
        .update({ idempotency_key: null });
    },

    /** Says that the upload is still alive. */
    async keepReceiving(id: string, seconds: number): Promise<void> {
      await db('sync')
        .where({ id, state: 'receiving' })
        .update({ receiving_until: inSeconds(seconds) });
    },

    /** Removes a sync whose upload was refused or died. False: it is not (any longer) being received. */
    async removeReceiving(id: string): Promise<boolean> {
      return (await db('sync').where({ id, state: 'receiving' }).delete()) === 1;
    },

    /** Some syncs of a solution, at most `limit`. */
    async someOf(solutionId: number, limit: number): Promise<{ id: string; archiveKey: string | null }[]> {
      const rows = await db<Row>('sync')
        .where({ solution_id: solutionId })
        .limit(limit)
        .select('id', 'archive_key');
      return rows.map((row) => ({ id: row.id, archiveKey: row.archive_key }));
    },

    async remove(ids: readonly string[]): Promise<void> {
      await db('sync').whereIn('id', ids).delete();
    },

    /** Records how many refused items found no room in quarantine. They are only in the upload. */
    async noteBeyondQuarantine(id: string, count: number): Promise<void> {
      await db('sync').where({ id }).update({ quarantine_beyond: count });
    },

    /** Syncs whose row was removed at least this long ago. */
    async findGone(
      olderThanSeconds: number,
      limit: number,
    ): Promise<{ id: string; archiveKey: string | null }[]> {
      const result = await db.raw<{ rows: { sync_id: string; archive_key: string | null }[] }>(
        `select sync_id, archive_key from sync_gone where at < now() - make_interval(secs => :olderThanSeconds)
         order by at limit :limit`,
        { olderThanSeconds, limit },
      );
      return result.rows.map((row) => ({ id: row.sync_id, archiveKey: row.archive_key }));
    },

    /** Their files are removed, so they can be forgotten. */
    async forgetGone(ids: readonly string[]): Promise<void> {
      await db('sync_gone').whereIn('sync_id', ids).delete();
    },

    /** Uploads without a sign of life within their time. */
    async findDeadUploads(limit: number): Promise<Pick<Sync, 'id' | 'solutionId' | 'channel'>[]> {
      const rows = await db<Row>('sync')
        .where({ state: 'receiving' })
        .andWhereRaw('receiving_until < now()')
        .limit(limit)
        .select('id', 'solution_id', 'channel');
      return rows.map((row) => ({ id: row.id, solutionId: row.solution_id, channel: row.channel }));
    },

    /** Records when packages were downloaded, unless that is known. */
    async markDownloaded(
      downloads: readonly { readonly syncId: string; readonly secondsAgo: number }[],
    ): Promise<void> {
      await markDownloaded(db, {
        ids: downloads.map(({ syncId }) => syncId),
        secondsAgo: downloads.map(({ secondsAgo }) => String(secondsAgo)),
      });
    },

    async addEvent(
      syncId: string,
      step: string,
      { reason, why }: { readonly reason: string; readonly why: Reason | null },
    ): Promise<void> {
      await db('sync_event').insert({ sync_id: syncId, step, detail: reason, ...reasonColumns(why) });
    },

    /** The sync whose upload this file is. */
    async findByArchive(archiveKey: string): Promise<Sync | null> {
      const row = await db<Row>('sync')
        .where({ archive_key: archiveKey })
        .first(...columns);
      return row === undefined ? null : syncFrom(row);
    },

    /** The keys that are the upload of a sync. */
    async archivesAmong(keys: readonly string[]): Promise<Set<string>> {
      const rows = await db<Row>('sync').whereIn('archive_key', keys).select('archive_key');
      return new Set(rows.flatMap(({ archive_key }) => archive_key ?? []));
    },

    /**
     * Finished syncs whose files have been kept long enough: the given number of days, or as many as their account
     * says. If quarantine was full, the refused items are only in the upload, so it is kept until staff have decided
     * the item that counts them.
     */
    async findExpired(
      retentionDays: number,
      limit: number,
    ): Promise<{ id: string; archiveKey: string | null }[]> {
      const result = await db.raw<{ rows: Pick<Row, 'id' | 'archive_key'>[] }>(
        `select sync.id, sync.archive_key
         from sync join solution on solution.id = sync.solution_id join account on account.id = solution.account_id
         where sync.files_removed_at is null and sync.state in ('confirmed', 'abandoned')
           and sync.received_at < now() - make_interval(days => coalesce(account.file_retention_days, :retentionDays))
           and not (sync.quarantine_beyond > 0 and exists (
             select from quarantine q where q.solution_id = sync.solution_id and q.channel = sync.channel
               and q.state = 'open' and q.code = 'quarantine-full'))
         order by sync.received_at limit :limit`,
        { retentionDays, limit },
      );
      return result.rows.map((row) => ({ id: row.id, archiveKey: row.archive_key }));
    },

    async markFilesRemoved(ids: readonly string[]): Promise<void> {
      await db('sync').whereIn('id', ids).update({ files_removed_at: db.fn.now() });
    },
  };
}

const where = (key: ChannelKey) => ({ solution_id: key.solutionId, channel: key.channel });

const syncFrom = (row: Omit<Row, 'idempotency_key'>): Sync => ({
  id: row.id,
  solutionId: row.solution_id,
  channel: row.channel,
  state: row.state,
  receivedAt: row.received_at,
  processedAt: row.processed_at,
  confirmedAt: row.confirmed_at,
  attempts: row.attempts,
  archiveKey: row.archive_key,
  archiveSha256: row.archive_sha256,
  packageKey: row.package_key,
  packageSha256: row.package_sha256,
  packageBytes: row.package_bytes === null ? null : Number(row.package_bytes),
  report: row.report,
});

/** Only people read this time; the confirmation is what counts. */
const markDownloaded = prepared<unknown, Readonly<Record<'ids' | 'secondsAgo', readonly string[]>>>(
  'mark_downloaded',
  `with seen as materialized (
     select id, seconds from unnest(cast(:ids as uuid[]), cast(:secondsAgo as float8[])) as download (id, seconds)
     join sync using (id) where downloaded_at is null order by id for no key update of sync
   )
   update sync set downloaded_at = now() - make_interval(secs => seen.seconds) from seen
   where sync.id = seen.id and ${commitsLazily}`,
);
