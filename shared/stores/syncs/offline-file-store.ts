import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import { type Page, type PageRequest, pageOf } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import type { SyncState } from '../../domain/sync-state';
import type { OfflineOutcome } from '../../formats/offline-contents';

/** A file of a solution without a network that staff have taken in. */
export interface OfflineFile {
  /** The UUID of the export. */
  readonly id: string;
  readonly solutionId: number;
  readonly solutionName: string;
  readonly solutionMail: string;
  /** That of the secret which the file was written with. */
  readonly secretHash: string;
  readonly fileName: string;
  /** By the clock of the device. */
  readonly writtenAt: Date;
  /** The first time. */
  readonly takenInAt: Date;
  /** E-mail of the user. */
  readonly takenInBy: string;
  readonly channels: readonly OfflineFileChannel[];
}

/** What became of one channel in it. */
export interface OfflineFileChannel {
  readonly channel: Channel;
  readonly outcome: OfflineOutcome;
  readonly syncId: string | null;
  /** Of that sync, as it is now. Null: there is none. */
  readonly state: SyncState | null;
  readonly code: string | null;
  readonly detail: string | null;
}

interface Row {
  id: string;
  solution_id: number;
  solution_name: string;
  solution_mail: string;
  secret_hash: string;
  file_name: string;
  written_at: Date;
  taken_in_at: Date;
  taken_in_by: string;
  channels: OfflineFileChannel[];
}

const select = `select f.id, f.solution_id, s.name as solution_name, s.mail as solution_mail, f.secret_hash, f.file_name, f.written_at, f.taken_in_at, f.taken_in_by,
  (select coalesce(json_agg(json_build_object('channel', c.channel, 'outcome', c.outcome, 'syncId', c.sync_id,
      'state', y.state, 'code', c.code, 'detail', c.detail)
      order by array_position(array['synchro', 'sondes', 'messagerie', 'photos'], c.channel)), '[]')
    from offline_file_channel c left join sync y on y.id = c.sync_id
    where c.solution_id = f.solution_id and c.file_id = f.id) as channels
  from offline_file f join solution s on s.id = f.solution_id`;

export type OfflineFileStore = ReturnType<typeof createOfflineFileStore>;

export function createOfflineFileStore(db: Db) {
  return {
    /** A file that was taken in before stays as it was. */
    async add(
      file: Pick<OfflineFile, 'id' | 'solutionId' | 'fileName' | 'writtenAt' | 'takenInBy' | 'secretHash'>,
    ): Promise<void> {
      await db.raw(
        `insert into offline_file (id, solution_id, file_name, written_at, taken_in_by, secret_hash)
         values (:id, :solutionId, :fileName, :writtenAt, :takenInBy, :secretHash) on conflict do nothing`,
        { ...file },
      );
    },

    /** A later result replaces an earlier one, unless the upload was accepted by then: that stands for good. */
    async saveChannel(
      { solutionId, fileId }: { readonly solutionId: number; readonly fileId: string },
      { channel, outcome, syncId, code, detail }: Omit<OfflineFileChannel, 'state'>,
    ): Promise<void> {
      await db.raw(
        `insert into offline_file_channel (solution_id, file_id, channel, outcome, sync_id, code, detail)
         values (:solutionId, :fileId, :channel, :outcome, :syncId, :code, :detail)
         on conflict (solution_id, file_id, channel) do update
           set outcome = excluded.outcome, sync_id = excluded.sync_id, code = excluded.code, detail = excluded.detail
           where offline_file_channel.outcome <> 'accepted'`,
        { solutionId, fileId, channel, outcome, syncId, code, detail },
      );
    },

    async find(solutionId: number, id: string): Promise<OfflineFile | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(`${select} where f.solution_id = ? and f.id = ?`, [
        solutionId,
        id,
      ]);
      return rows[0] === undefined ? null : fileFrom(rows[0]);
    },

    /** Null: there is none, or it is of a solution that the caller may not see. */
    async findVisible(accounts: AccountScope, id: string): Promise<OfflineFile | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(`${select} where f.id = :id and ${isVisibleSolution}`, {
        id,
        accounts: idsOf(accounts),
      });
      return rows[0] === undefined ? null : fileFrom(rows[0]);
    },

    /** The newest first. The key of a page is the id of its last file. */
    async list(accounts: AccountScope, { limit, after }: PageRequest<string>): Promise<Page<OfflineFile>> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `${select} where ${isVisibleSolution} and (cast(:after as uuid) is null or exists (
             select 1 from offline_file last where last.id = :after
               and (f.taken_in_at < last.taken_in_at or (f.taken_in_at = last.taken_in_at and f.id > last.id))))
         order by f.taken_in_at desc, f.id limit :limit`,
        { limit: limit + 1, after, accounts: idsOf(accounts) },
      );
      return pageOf(rows.map(fileFrom), limit, ({ id }) => id);
    },
  };
}

const fileFrom = (row: Row): OfflineFile => ({
  id: row.id,
  solutionId: row.solution_id,
  solutionName: row.solution_name,
  solutionMail: row.solution_mail,
  secretHash: row.secret_hash,
  fileName: row.file_name,
  writtenAt: row.written_at,
  takenInAt: row.taken_in_at,
  takenInBy: row.taken_in_by,
  channels: row.channels,
});
