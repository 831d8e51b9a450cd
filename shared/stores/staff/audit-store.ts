import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { AuditAction } from '../../domain/audit-action';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';

/** One thing that someone did. `before` and `after` never hold a secret. */
export interface AuditEntry {
  /** E-mail of who did it. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly solutionId: number | null;
  /** The network address it came from. */
  readonly address: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

export interface RecordedAudit extends Omit<AuditEntry, 'action'> {
  /** e.g. `solution.update`. Earlier versions may have written other actions. */
  readonly action: string;
  readonly id: string;
  readonly at: Date;
}

export interface AuditFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  readonly actor: string | null;
  readonly action: string | null;
}

interface Row {
  id: string;
  at: Date;
  actor: string;
  action: string;
  solution_id: number | null;
  address: string | null;
  before: unknown;
  after: unknown;
}

export type AuditStore = ReturnType<typeof createAuditStore>;

/** Who did what, when and from where. Entries are added in the transaction of the action, and never changed. */
export function createAuditStore(db: Db) {
  return {
    async add(entries: readonly AuditEntry[]): Promise<void> {
      await db.raw(
        `insert into audit (actor, action, solution_id, address, before, after)
         select actor, action, solution_id, address, nullif(before, 'null'), nullif(after, 'null')
         from jsonb_to_recordset(cast(? as jsonb))
           as entry (actor text, action text, solution_id int, address text, before jsonb, after jsonb)`,
        [JSON.stringify(entries.map(rowOf))],
      );
    },

    /** The newest first. Only users who see all accounts see entries without a solution. */
    async list(filter: AuditFilter, { limit, after }: PageRequest<string>): Promise<Page<RecordedAudit>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select a.id, a.at, a.actor, a.action, a.solution_id, a.address, a.before, a.after
         from audit a left join solution s on s.id = a.solution_id
         where (cast(:accounts as int[]) is null or s.account_id = any(:accounts))
           and (cast(:solutionId as int) is null or a.solution_id = :solutionId)
           and (cast(:actor as text) is null or lower(a.actor) = lower(:actor))
           and (cast(:action as text) is null or a.action = :action)
           and (cast(:after as bigint) is null or a.id < :after)
         order by a.id desc limit :rows`,
        {
          accounts: idsOf(filter.accounts),
          solutionId: filter.solutionId,
          actor: filter.actor,
          action: filter.action,
          after,
          rows: limit + 1,
        },
      );
      return pageOf(result.rows.map(auditFrom), limit, (last) => last.id);
    },
  };
}

const rowOf = (entry: AuditEntry) => ({
  actor: entry.actor,
  action: entry.action,
  solution_id: entry.solutionId,
  address: entry.address,
  before: entry.before ?? null,
  after: entry.after ?? null,
});

const auditFrom = (row: Row): RecordedAudit => ({
  id: row.id,
  at: row.at,
  actor: row.actor,
  action: row.action,
  solutionId: row.solution_id,
  address: row.address,
  before: row.before,
  after: row.after,
});
