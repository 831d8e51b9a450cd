import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { QuarantineState } from '../../domain/quarantine-state';
import type { Reason } from '../../domain/reason';
import { storedReason } from '../../formats/stored-reason';
import type { AccountScope } from '../../domain/staff';

/** A row, entity, file or photo of a package that could not be applied. */
export interface QuarantinedItem {
  readonly id: string;
  readonly solutionId: number;
  readonly syncId: string;
  readonly channel: Channel;
  readonly kind: 'row' | 'entity' | 'file' | 'photo';
  /** Class or table, if it is known. */
  readonly subject: string | null;
  /** The name of the file inside the package. */
  readonly file: string;
  readonly line: number | null;
  /** The id as the solution wrote it. */
  readonly rowId: string | null;
  readonly code: string;
  /** A sentence in English. */
  readonly reason: string;
  /** The same reason as code and values, for any language. Null: an earlier version only kept the sentence. */
  readonly why: Reason | null;
  /** The header row of a row's file, as it was sent. */
  readonly header: string | null;
  /** As it was sent. */
  readonly raw: string | null;
  readonly state: QuarantineState;
  readonly createdAt: Date;
  /** How often the same content was sent while the item was open. */
  readonly seenCount: number;
  /** When it was last sent. Null: it was sent only once. */
  readonly lastSeenAt: Date | null;
  readonly decidedAt: Date | null;
  /** E-mail. */
  readonly decidedBy: string | null;
}

export interface QuarantineFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  /** Items that this sync refused first, or that were last sent with it. */
  readonly syncId: string | null;
  readonly state: QuarantineState | null;
}

interface Row {
  id: string;
  solution_id: number;
  sync_id: string;
  channel: Channel;
  kind: QuarantinedItem['kind'];
  subject: string | null;
  file: string;
  line: number | null;
  row_id: string | null;
  code: string;
  reason: string;
  reason_code: string | null;
  reason_values: unknown;
  header: string | null;
  raw: string | null;
  state: QuarantineState;
  created_at: Date;
  seen_count: number;
  last_seen_at: Date | null;
  decided_at: Date | null;
  decided_by: string | null;
}

/** The header of a file is stored once for all its rows. */
const selectItem = `
  select q.id, q.solution_id, q.sync_id, q.channel, q.kind, q.subject, q.file, q.line, q.row_id, q.code, q.reason,
    q.reason_code, q.reason_values,
    case when q.kind = 'row' and q.header is null then coalesce((
      select shared.header from refused_header shared where shared.sync_id = q.sync_id and shared.file = q.file
    ), (
      select first.header from quarantine first
      where first.sync_id = q.sync_id and first.file = q.file and first.header is not null limit 1
    )) else q.header end as header,
    q.raw, case when q.settled_at is null then q.state else 'settled' end as state, q.created_at, q.seen_count, q.last_seen_at, q.decided_at, q.decided_by
  from quarantine q join solution s on s.id = q.solution_id
  where ${isVisibleSolution}`;

export type QuarantineStore = ReturnType<typeof createQuarantineStore>;

/** Quarantine as staff read and decide it. Workers insert items as sets, in quarantine-intake-store.ts. */
export function createQuarantineStore(db: Db) {
  return {
    /** The newest first. */
    async list(
      filter: QuarantineFilter,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<QuarantinedItem>> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectItem}
           and (cast(:solutionId as int) is null or q.solution_id = :solutionId)
           and (cast(:syncId as uuid) is null or q.sync_id = :syncId or q.last_sync_id = :syncId)
           and (cast(:state as text) is null
             or q.state = :state and q.settled_at is null or :state = 'settled' and q.settled_at is not null)
           and (cast(:after as bigint) is null or q.id < :after)
         order by q.id desc limit :rows`,
        { ...filter, accounts: idsOf(filter.accounts), after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(itemFrom), limit, (last) => last.id);
    },

    /** Null: there is none, or it belongs to another account. */
    async find(accounts: AccountScope, id: string): Promise<QuarantinedItem | null> {
      const result = await db.raw<{ rows: Row[] }>(`${selectItem} and q.id = :id`, {
        accounts: idsOf(accounts),
        id,
      });
      const row = result.rows[0];
      return row === undefined ? null : itemFrom(row);
    },

    /** False: it was already decided. */
    async decide(id: string, state: Exclude<QuarantineState, 'open'>, decidedBy: string): Promise<boolean> {
      const decided = await db('quarantine')
        .where({ id, state: 'open' })
        .update({ state, decided_by: decidedBy, decided_at: db.fn.now() });
      return decided === 1;
    },
  };
}

const itemFrom = (row: Row): QuarantinedItem => ({
  id: row.id,
  solutionId: row.solution_id,
  syncId: row.sync_id,
  channel: row.channel,
  kind: row.kind,
  subject: row.subject,
  file: row.file,
  line: row.line,
  rowId: row.row_id,
  code: row.code,
  reason: row.reason,
  why: storedReason(row.reason_code, row.reason_values),
  header: row.header,
  raw: row.raw,
  state: row.state,
  createdAt: row.created_at,
  seenCount: row.seen_count,
  lastSeenAt: row.last_seen_at,
  decidedAt: row.decided_at,
  decidedBy: row.decided_by,
});
