import type { Channel } from '../../domain/channel';
import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { ParameterApprovalKind, PlannedEntity } from '../../domain/planned-entity';
import type { HoldReason } from '../../domain/successor';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import { alreadyDecided, notFound } from '../../errors/catalog';

export type ApprovalState = 'open' | 'approved' | 'rejected' | 'superseded';
export type ApprovalKind = ParameterApprovalKind | 'replace-logs';

/** So many changes or deletions in one sync that someone must approve them. */
export interface Approval {
  readonly id: string;
  readonly solutionId: number;
  readonly syncId: string;
  readonly channel: Channel;
  /** e.g. `Fridges`. */
  readonly className: string;
  /**
   * `deletes`: the solution deleted them; `replace`: it replaces everything and no longer has them; `changes`: it
   * changed or added more than the class allows in one sync; `replace-logs`: readings that it no longer has or that
   * differ there (`className` is then the table); decisions about these are carried out by
   * `worker/solution-sync/logs/apply-replacements.ts`.
   */
  readonly kind: ApprovalKind;
  /** For `changes`: why they wait. Null: there are more of them than the class allows. */
  readonly reason: HoldReason | null;
  /** The planned deletions and changes, by id. The decision is bound to these versions of the manager's copies. */
  readonly plan: readonly PlannedEntity[];
  readonly state: ApprovalState;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  /** E-mail. */
  readonly decidedBy: string | null;
  /** When a worker carried out the decision. */
  readonly appliedAt: Date | null;
  /** Number of entities that were deleted, changed or restored. */
  readonly applied: number | null;
  /** Number of entities that had changed since the plan was made. The next sync plans them again. */
  readonly released: number | null;
  /** For `replace-logs`: how many readings would be deleted and replaced. The plan shows the first ones. */
  readonly logRows: { readonly deleted: number; readonly replaced: number } | null;
}

export interface ApprovalFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  readonly state: ApprovalState | null;
}

/** A decision that has not been carried out yet. */
export interface DecidedApproval {
  readonly id: string;
  readonly solutionId: number;
  /** IANA name. */
  readonly timezone: string;
  /** The sync that made the plan. */
  readonly syncId: string;
  readonly className: string;
  readonly kind: ParameterApprovalKind;
  readonly plan: readonly PlannedEntity[];
  readonly isApproved: boolean;
  /** E-mail. */
  readonly decidedBy: string;
}

export type ApprovalStore = ReturnType<typeof createApprovalStore>;

export function createApprovalStore(db: Db) {
  return {
    /** The newest first. */
    async list(filter: ApprovalFilter, { limit, after }: PageRequest<string>): Promise<Page<Approval>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from approval a join solution s on s.id = a.solution_id
         where ${isVisibleSolution}
           and (cast(:solutionId as int) is null or a.solution_id = :solutionId)
           and (cast(:state as text) is null or a.state = :state)
           and (cast(:after as bigint) is null or a.id < :after)
         order by a.id desc limit :rows`,
        {
          ...filter,
          accounts: idsOf(filter.accounts),
          after,
          rows: limit + 1,
        },
      );
      return pageOf(result.rows.map(approvalFrom), limit, (last) => last.id);
    },

    async find(id: string): Promise<Approval | null> {
      const result = await db.raw<{ rows: Row[] }>(`select ${columns} from approval a where a.id = ?`, [id]);
      const row = result.rows[0];
      return row === undefined ? null : approvalFrom(row);
    },

    /**
     * Records the decision. The caller adds the job that carries it out. Throws `not-found`, and `already-decided`
     * where it is no longer open.
     */
    async decide(id: string, decision: 'approve' | 'reject', by: string): Promise<Approval> {
      const result = await db.raw<{ rows: Row[] }>(
        `update approval a set state = :state, decided_at = now(), decided_by = :by
         where a.id = :id and a.state = 'open' returning ${columns}`,
        { id, state: decision === 'approve' ? 'approved' : 'rejected', by },
      );
      const row = result.rows[0];
      if (row === undefined) {
        const known = await db<{ id: string }>('approval').where({ id }).first('id');
        throw known === undefined ? notFound('approval') : alreadyDecided();
      }
      return approvalFrom(row);
    },

    /** The class of the oldest decision about parameters that has not been carried out. Null: there is none. */
    async nextDecided(): Promise<{ solutionId: number; className: string } | null> {
      const result = await db.raw<{ rows: { solution_id: number; class: string }[] }>(
        `select solution_id, class from approval where ${isUndone} order by id limit 1`,
      );
      const row = result.rows[0];
      return row === undefined ? null : { solutionId: row.solution_id, className: row.class };
    },

    /** The decisions about a class that have not been carried out, in order. The class must be locked. */
    async decidedOf(key: {
      readonly solutionId: number;
      readonly className: string;
    }): Promise<DecidedApproval[]> {
      const result = await db.raw<{ rows: DecidedRow[] }>(
        `select a.id, a.solution_id, s.timezone, a.sync_id, a.class, a.kind, a.plan, a.state, a.decided_by
         from approval a join solution s on s.id = a.solution_id
         where ${isUndone} and a.solution_id = :solutionId and a.class = :className order by a.id`,
        { ...key },
      );
      return result.rows.map(decidedFrom);
    },

    /**
     * `applied`: the number of entities that were changed; `released`: the number that had changed since the plan was
     * made.
     */
    async markApplied(id: string, applied: number, released: number): Promise<void> {
      await db.raw(
        `update approval set applied_at = now(), applied = :applied, released = :released where id = :id`,
        { id, applied, released },
      );
    },
  };
}

const isUndone = `state in ('approved', 'rejected') and applied_at is null and kind in ('deletes', 'replace', 'changes')`;

interface Row {
  id: string;
  solution_id: number;
  sync_id: string;
  channel: Channel;
  class: string;
  kind: ApprovalKind;
  reason: HoldReason | null;
  plan: PlannedEntity[];
  state: ApprovalState;
  created_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  applied_at: Date | null;
  applied: number | null;
  released: number | null;
  log_rows: Approval['logRows'];
}

const columns =
  'a.id, a.solution_id, a.sync_id, a.channel, a.class, a.kind, a.reason, a.plan, a.state, a.created_at, a.decided_at, a.decided_by, a.applied_at, a.applied, a.released, a.log_rows';

interface DecidedRow {
  id: string;
  solution_id: number;
  timezone: string;
  sync_id: string;
  class: string;
  kind: ParameterApprovalKind;
  plan: PlannedEntity[];
  state: 'approved' | 'rejected';
  decided_by: string;
}

const decidedFrom = (row: DecidedRow): DecidedApproval => ({
  id: row.id,
  solutionId: row.solution_id,
  timezone: row.timezone,
  syncId: row.sync_id,
  className: row.class,
  kind: row.kind,
  plan: row.plan,
  isApproved: row.state === 'approved',
  decidedBy: row.decided_by,
});

const approvalFrom = (row: Row): Approval => ({
  id: row.id,
  solutionId: row.solution_id,
  syncId: row.sync_id,
  channel: row.channel,
  className: row.class,
  kind: row.kind,
  reason: row.reason,
  plan: row.plan,
  state: row.state,
  createdAt: row.created_at,
  decidedAt: row.decided_at,
  decidedBy: row.decided_by,
  appliedAt: row.applied_at,
  applied: row.applied,
  released: row.released,
  logRows: row.log_rows,
});
