import { findLogTable, type LogTable } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import type { IdsInDoubt, LogBook } from '../../domain/log-book';

/** A finding about a log that staff should look at. */
export type LogFinding =
  /** It had rows and has had none for seven days, while its channel synchronises. */
  | { readonly kind: 'silent-table'; readonly table: LogTable; readonly since: Date }
  /** Within seven days rows came whose `MeasuredAt` is after their receipt by more than a day, or before 2010. */
  | {
      readonly kind: 'impossible-times';
      readonly table: LogTable;
      readonly since: Date;
      /** The number among all rows that were ever received. */
      readonly count: number;
    }
  /** The last check found that stored rows are missing, or that there are rows that no upload contained. */
  | {
      readonly kind: 'books-unbalanced';
      readonly table: LogTable;
      /** When it was checked. */
      readonly since: Date;
      readonly lost: IdsInDoubt;
      readonly unknown: IdsInDoubt;
    };

export type LogFindingStore = ReturnType<typeof createLogFindingStore>;

export function createLogFindingStore(db: Db) {
  return {
    /** By table, in the order of the catalogue. Costs one look-up, however many rows are stored. */
    async list(solutionId: number): Promise<LogFinding[]> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select table_name, last_row_at, impossible_count, impossible_at, checked_at,
           case when not is_balanced then book end as unbalanced_book,
           last_row_at < now() - interval '7 days' as is_quiet, impossible_at > now() - interval '7 days' as is_recent
         from log_mark where solution_id = ? order by table_name`,
        [solutionId],
      );
      const finished = await db<{ solution_id: number; channel: string; finished_at: Date | null }>(
        'channel_status',
      )
        .where({ solution_id: solutionId })
        .select('channel', 'finished_at');
      const finishedAt = new Map(finished.map((row) => [row.channel, row.finished_at?.getTime() ?? 0]));
      return rows.flatMap((row) => {
        const table = findLogTable(row.table_name);
        return table === undefined ? [] : findingsOf(row, table, finishedAt.get(table.channel) ?? 0);
      });
    },
  };
}

function findingsOf(row: Row, table: LogTable, finishedAtMs: number): LogFinding[] {
  const { last_row_at: lastRowAt, impossible_at: impossibleAt } = row;
  const isSilent =
    row.is_quiet === true && lastRowAt !== null && finishedAtMs >= lastRowAt.getTime() + silentMilliseconds;
  return [
    ...unbalancedOf(row, table),
    ...(isSilent ? [{ kind: 'silent-table', table, since: lastRowAt } as const] : []),
    ...(row.is_recent === true && impossibleAt !== null
      ? [
          {
            kind: 'impossible-times',
            table,
            since: impossibleAt,
            count: Number(row.impossible_count),
          } as const,
        ]
      : []),
  ];
}

function unbalancedOf({ unbalanced_book: book, checked_at: since }: Row, table: LogTable): LogFinding[] {
  if (book === null || since === null) return [];
  return [{ kind: 'books-unbalanced', table, since, lost: book.lost, unknown: book.unknown }];
}

const silentMilliseconds = 7 * 24 * 3_600_000;

interface Row {
  table_name: string;
  last_row_at: Date | null;
  impossible_count: string;
  impossible_at: Date | null;
  checked_at: Date | null;
  unbalanced_book: LogBook | null;
  is_quiet: boolean | null;
  is_recent: boolean | null;
}
