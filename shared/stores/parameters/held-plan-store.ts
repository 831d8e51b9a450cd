import type { Db } from '../../db/database';
import type { ParameterApprovalKind, PlannedEntity } from '../../domain/planned-entity';
import type { HoldReason } from '../../domain/successor';

/** A class of parameters, or the log that `className` names. */
interface PlannedClass {
  readonly solutionId: number;
  readonly className: string;
}

export interface OpenPlan {
  readonly id: string;
  readonly plan: readonly PlannedEntity[];
  readonly reason: HoldReason | null;
}

export interface NewPlan extends PlannedClass {
  /** The sync that made it. */
  readonly syncId: string;
  readonly channel: string;
  readonly kind: ParameterApprovalKind | 'replace-logs';
  /** Why changes wait; null: a limit of the class. */
  readonly reason: HoldReason | null;
  readonly plan: readonly PlannedEntity[];
}

/** Plans that workers submit for approval. The decisions of people are in approval-store.ts. */
export function createHeldPlanStore(db: Db) {
  return {
    /** Nobody else changes it before the transaction ends. Null: no plan of this kind waits. */
    async lockOpen(
      { solutionId, className }: PlannedClass,
      kind: ParameterApprovalKind,
    ): Promise<OpenPlan | null> {
      const result = await db.raw<{ rows: OpenPlan[] }>(
        `select id, plan, reason from approval
         where solution_id = :solutionId and class = :className and kind = :kind and state = 'open' for update`,
        { solutionId, className, kind },
      );
      return result.rows[0] ?? null;
    },

    async supersede(approvalId: string): Promise<void> {
      await db.raw(`update approval set state = 'superseded', decided_at = now() where id = ?`, [approvalId]);
    },

    /** Returns the id of the approval. */
    async open({ plan, ...held }: NewPlan): Promise<string> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `insert into approval (solution_id, sync_id, channel, class, kind, reason, plan)
         values (:solutionId, :syncId, :channel, :className, :kind, :reason, cast(:plan as jsonb)) returning id`,
        { ...held, plan: JSON.stringify(plan) },
      );
      return result.rows[0]?.id ?? '';
    },

    // Plans to replace logs: their lines are rows of log_replacement_row.

    async supersedeLogPlan({ solutionId, className }: PlannedClass): Promise<void> {
      await db('approval')
        .where({ solution_id: solutionId, class: className, kind: 'replace-logs', state: 'open' })
        .update({ state: 'superseded', decided_at: db.fn.now() });
    },

    /** Shows the first lines with the plan, and how many there are; a plan without any is none. */
    async showLogPlan(approvalId: string): Promise<void> {
      await db.raw(
        `update approval set
           plan = (select coalesce(jsonb_agg(jsonb_build_object('id', cast(id as text), 'version', 1) order by id), '[]')
             from (select id from log_replacement_row where approval_id = :approvalId order by id limit :maxShown) shown),
           log_rows = (select jsonb_build_object('deleted', count(*) filter (where content is null), 'replaced', count(content))
             from log_replacement_row where approval_id = :approvalId)
         where id = :approvalId`,
        { approvalId, maxShown },
      );
      await db.raw(
        `delete from approval where id = :approvalId
           and not exists (select from log_replacement_row where approval_id = :approvalId)`,
        { approvalId },
      );
    },

    /** It is dealt with. `rows`: how many of the log it changed. */
    async closeLogPlan(approvalId: string, rows: number): Promise<void> {
      await db('approval')
        .where({ id: approvalId })
        .whereNot({ state: 'superseded' })
        .update({ applied_at: db.fn.now(), applied: rows, released: 0 });
    },
  };
}

/** The first so many rows of a plan are shown with it. */
const maxShown = 1_000;
