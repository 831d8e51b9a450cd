import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { Reason } from '../../domain/reason';
import type { SyncReport } from '../../domain/report';
import type { AccountScope } from '../../domain/staff';
import type { SyncState } from '../../domain/sync-state';
import { storedReason } from '../../formats/stored-reason';

/** A sync as staff see it. */
export interface SyncSummary {
  readonly id: string;
  readonly solutionId: number;
  readonly solutionName: string;
  readonly channel: Channel;
  readonly state: SyncState;
  readonly receivedAt: Date;
  readonly queuedAt: Date | null;
  readonly processingAt: Date | null;
  readonly processedAt: Date | null;
  readonly downloadedAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly attempts: number;
  readonly archiveBytes: number | null;
  readonly packageBytes: number | null;
  /** When retention removed the files. */
  readonly filesRemovedAt: Date | null;
  /** Without its rejections. Null: the sync is not processed yet. */
  readonly report: Omit<SyncReport, 'rejections'> | null;
  /**
   * The `reason` of the report as code and values, for any language. Null: it has none, or an earlier version wrote it.
   */
  readonly why: Reason | null;
}

export interface SyncDetail extends Omit<SyncSummary, 'report'> {
  /** Keys in the file store. */
  readonly archiveKey: string | null;
  readonly archiveSha256: string | null;
  readonly packageKey: string | null;
  readonly packageSha256: string | null;
  readonly report: SyncReport | null;
}

/** A step that the columns of the sync do not show: a failed attempt, a take-over, a refusal. */
export interface SyncEvent {
  readonly at: Date;
  readonly step: string;
  readonly detail: string | null;
  /** The detail as code and values, for any language, if it has a code. */
  readonly why: Reason | null;
}

/** The time alone is not a key, because two syncs may be received in one millisecond. */
export interface SyncPageKey {
  /** With microseconds, e.g. `2026-11-21T20:38:00.123456Z`. */
  readonly receivedAt: string;
  readonly id: string;
}

export interface SyncFilter {
  readonly channel: Channel | null;
  readonly state: SyncState | null;
}

interface SummaryRow {
  id: string;
  solution_id: number;
  solution_name: string;
  channel: Channel;
  state: SyncState;
  received_at: Date;
  received_at_exact: string;
  queued_at: Date | null;
  processing_at: Date | null;
  processed_at: Date | null;
  downloaded_at: Date | null;
  confirmed_at: Date | null;
  attempts: number;
  archive_bytes: string | null;
  package_bytes: string | null;
  files_removed_at: Date | null;
  reason_code: string | null;
  reason_values: unknown;
}

interface EventRow {
  at: Date;
  step: string;
  detail: string | null;
  reason_code: string | null;
  reason_values: unknown;
}

interface DetailRow extends SummaryRow {
  archive_key: string | null;
  archive_sha256: string | null;
  package_key: string | null;
  package_sha256: string | null;
  report: SyncReport | null;
}

interface ListedRow extends SummaryRow {
  report: Omit<SyncReport, 'rejections'> | null;
}

const summaryColumns = `
  y.id, y.solution_id, s.name as solution_name, y.channel, y.state, y.received_at,
  to_char(y.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as received_at_exact,
  y.queued_at, y.processing_at, y.processed_at, y.downloaded_at, y.confirmed_at, y.attempts,
  y.archive_bytes, y.package_bytes, y.files_removed_at, y.reason_code, y.reason_values`;

export type SyncTimelineStore = ReturnType<typeof createSyncTimelineStore>;

export function createSyncTimelineStore(db: Db) {
  return {
    /** The newest first. */
    async list(
      solutionId: number,
      filter: SyncFilter,
      { limit, after }: PageRequest<SyncPageKey>,
    ): Promise<Page<SyncSummary>> {
      const result = await db.raw<{ rows: ListedRow[] }>(
        `select ${summaryColumns}, y.report - 'rejections' as report
         from sync y join solution s on s.id = y.solution_id
         where y.solution_id = :solutionId
           and (cast(:channel as text) is null or y.channel = :channel)
           and (cast(:state as text) is null or y.state = :state)
           and (cast(:receivedAt as timestamptz) is null
             or (y.received_at, y.id) < (cast(:receivedAt as timestamptz), cast(:id as uuid)))
         order by y.received_at desc, y.id desc limit :rows`,
        {
          solutionId,
          ...filter,
          receivedAt: after?.receivedAt ?? null,
          id: after?.id ?? null,
          rows: limit + 1,
        },
      );
      const page = pageOf(result.rows, limit, (last) => `${last.received_at_exact}_${last.id}`);
      return { items: page.items.map(listedFrom), next: page.next };
    },

    /** Null: there is none, or it is another account's. */
    async find(accounts: AccountScope, id: string): Promise<SyncDetail | null> {
      const result = await db.raw<{ rows: DetailRow[] }>(
        `select ${summaryColumns}, y.archive_key, y.archive_sha256, y.package_key, y.package_sha256, y.report
         from sync y join solution s on s.id = y.solution_id
         where y.id = :id and s.retired_at is null
           and (cast(:accounts as int[]) is null or s.account_id = any(:accounts))`,
        { id, accounts: idsOf(accounts) },
      );
      const row = result.rows[0];
      return row === undefined ? null : detailFrom(row);
    },

    /** In the order in which they happened. */
    async events(syncId: string): Promise<SyncEvent[]> {
      const rows = await db('sync_event')
        .where({ sync_id: syncId })
        .orderBy('id')
        .select<EventRow[]>('at', 'step', 'detail', 'reason_code', 'reason_values');
      return rows.map(({ at, step, detail, ...row }) => ({ at, step, detail, why: whyOf(row) }));
    },
  };
}

const whyOf = ({ reason_code, reason_values }: Pick<EventRow, 'reason_code' | 'reason_values'>) =>
  storedReason(reason_code, reason_values);

const summaryFrom = (row: SummaryRow): Omit<SyncSummary, 'report'> => ({
  id: row.id,
  solutionId: row.solution_id,
  solutionName: row.solution_name,
  channel: row.channel,
  state: row.state,
  why: whyOf(row),
  receivedAt: row.received_at,
  queuedAt: row.queued_at,
  processingAt: row.processing_at,
  processedAt: row.processed_at,
  downloadedAt: row.downloaded_at,
  confirmedAt: row.confirmed_at,
  attempts: row.attempts,
  archiveBytes: row.archive_bytes === null ? null : Number(row.archive_bytes),
  packageBytes: row.package_bytes === null ? null : Number(row.package_bytes),
  filesRemovedAt: row.files_removed_at,
});

const listedFrom = (row: ListedRow): SyncSummary => ({ ...summaryFrom(row), report: row.report });

const detailFrom = (row: DetailRow): SyncDetail => ({
  ...summaryFrom(row),
  archiveKey: row.archive_key,
  archiveSha256: row.archive_sha256,
  packageKey: row.package_key,
  packageSha256: row.package_sha256,
  report: row.report,
});
